import { metadataRoutes } from '@mcp-obo/metadata/express';
import { OAuthError } from '@mcp-obo/oauth-error';
import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from 'express';
import type { Call, McpAuthInfo } from './call.ts';
import type { McpGuard } from './guard.ts';
import { holdHead } from './held-head.ts';
import { interactionPaths } from './interaction/interaction-pages.ts';
import { messagesOf } from './operation.ts';
import type { Refusal } from './refusal.ts';
import { originForm, preflightHeaders } from './screening.ts';

/**
 * Metadata at both well-known locations, and a gate in front of the MCP endpoint: what comes after it has
 * a valid token, `req.auth` for the SDK, a parsed `req.body`, and no step-up due. A JSON parser that comes
 * before it is used; otherwise bodies are parsed here, once the token is known to be good.
 */
export function protectMcp(guard: McpGuard): RequestHandler {
  const router = Router();
  const calls = new WeakMap<Request, Call>();
  router.use(metadataRoutes({ metadata: guard.metadata }));
  if (guard.interactionPages !== undefined) router.use(interactionRoutes(guard, guard.interactionPages));
  router.all(
    new URL(guard.resource).pathname,
    refusing(guard, async (request, response, next) => {
      const { method, rawHeaders, originalUrl: url } = request;
      response.set(guard.screen({ rawHeaders, url }));
      if (method === 'OPTIONS') return void response.status(204).set(preflightHeaders).end();
      request.url = originForm(request.url);
      calls.set(request, await guard.admit({ method, rawHeaders, url }));
      next();
    }),
    readJson(guard),
    refusing(guard, async (request, response, next) => {
      const call = calls.get(request);
      if (call === undefined)
        throw new OAuthError('server_error', 'The request could not be served.', { reason: 'unguarded' });
      const limit = await guard.limit(call, request.body);
      response.set(limit.headers);
      const refusal = limit.refusal ?? (await guard.refuseBody(call, request.body));
      if (refusal !== undefined) return send(response, refusal);
      Object.assign(request, { auth: guard.authInfo(call) satisfies McpAuthInfo });
      holdHead(response, () => heldAnswer(guard, call, request.body));
      next();
    }),
  );
  return router;
}

/** The pages of interactions. What a form brings is in its URL: the body is not read. */
function interactionRoutes(
  guard: McpGuard,
  { url, answer }: NonNullable<McpGuard['interactionPages']>,
): RequestHandler {
  const paths: readonly string[] = Object.values(interactionPaths(url));
  return refusing(guard, async (request, response, next) => {
    if (!paths.includes(request.path)) return next();
    const { method, rawHeaders, originalUrl: target } = request;
    guard.screen({ rawHeaders, url: target });
    const page = await answer({ method, rawHeaders, url: originForm(target) });
    if (page === undefined) return next();
    response.status(page.status).set(page.headers).send(page.body);
  });
}

type Step = (request: Request, response: Response, next: NextFunction) => Promise<void>;

function refusing(guard: McpGuard, step: Step): RequestHandler {
  return async (request, response, next) => {
    try {
      await step(request, response, next);
    } catch (error) {
      send(response, guard.refusal(error));
    }
  };
}

/** Express's own parser, whose errors are answered here: its default page shows a stack. */
function readJson(guard: McpGuard): RequestHandler {
  const parse = express.json({ limit: '4mb' });
  return (request, response, next) =>
    parse(request, response, (error?: { readonly status?: number }) => {
      if (error === undefined) return next();
      const status = error.status === 413 ? 413 : 400;
      const message = status === 413 ? 'The body is too large.' : 'The body is not JSON.';
      send(response, guard.refusal(new OAuthError('invalid_request', message, { reason: 'body', status })));
    });
}

/** What the handler met that HTTP has a status for, e.g. an issuer that no longer takes the user's token. */
function heldAnswer(guard: McpGuard, { failure }: Call, body: unknown) {
  if (failure === undefined) return undefined;
  const refusal = guard.refusal(failure, messagesOf(body)[0]?.id);
  return {
    status: refusal.status,
    headers: { ...refusal.headers, 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify(refusal.body),
  };
}

function send(response: Response, { status, headers, body }: Refusal): void {
  response.status(status).set(headers).json(body);
}
