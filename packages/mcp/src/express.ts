import { metadataRoutes } from '@mcp-obo/metadata/express';
import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import type { McpAuthInfo } from './call.ts';
import type { McpGuard } from './guard.ts';
import type { Refusal } from './refusal.ts';
import { preflightHeaders } from './screening.ts';

/**
 * Metadata at both well-known locations, and a gate in front of the MCP endpoint: what comes after it has
 * a valid token, `req.auth` for the SDK, and no step-up due. Needs `express.json()` before it.
 */
export function protectMcp(guard: McpGuard): RequestHandler {
  const router = Router();
  router.use(metadataRoutes({ metadata: guard.metadata }));
  router.all(new URL(guard.resource).pathname, async (request, response, next) => {
    await gate(guard, request, response, next);
  });
  return router;
}

async function gate(
  guard: McpGuard,
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void> {
  try {
    const { method, rawHeaders, originalUrl: url } = request;
    const { host, origin } = request.headers;
    response.set(guard.screen({ host, origin }));
    if (method === 'OPTIONS') return void response.status(204).set(preflightHeaders).end();
    const call = await guard.admit({ method, rawHeaders, url });
    const refusal = guard.refuseBody(call, request.body);
    if (refusal !== undefined) return send(response, refusal);
    (request as { auth?: McpAuthInfo }).auth = guard.authInfo(call);
    next();
  } catch (error) {
    send(response, guard.refusal(error));
  }
}

function send(response: Response, { status, headers, body }: Refusal): void {
  response.status(status).set(headers).json(body);
}
