import type { McpGuard } from '@mcp-obo/mcp';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** JSON-RPC 2.0 §5.1. */
const parseError = -32700;
const invalidRequest = -32600;

/** Statuses of Fastify's own refusals that say enough; everything else is a fault of ours. */
const sentences: Readonly<Record<number, { readonly code: number; readonly message: string }>> = {
  400: { code: parseError, message: 'The body is not a JSON text that can be read in one way only.' },
  408: { code: invalidRequest, message: 'The request took too long to arrive.' },
  413: { code: invalidRequest, message: 'The body is too large.' },
  415: { code: invalidRequest, message: 'The body must be application/json.' },
};

/** Answers a path that cannot be decoded, which reaches no handler. Fastify's own answer repeats it. */
export function answerUnreadablePath(guard: McpGuard) {
  return (_error: FastifyError, _request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const refusal = guard.refusal(
      new OAuthError('invalid_request', 'The path of the request cannot be read.', { reason: 'path' }),
    );
    return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
  };
}

/** Answers what never reaches the MCP handler: unreadable bodies, unknown paths, bugs. No inner text goes out. */
export function answerErrors(app: FastifyInstance, guard: McpGuard): void {
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const sentence = sentences[error.statusCode ?? 500];
    if (sentence === undefined) {
      const refusal = guard.refusal(error);
      return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
    }
    return reply.code(error.statusCode ?? 400).send({ jsonrpc: '2.0', id: null, error: sentence });
  });
  app.setNotFoundHandler((_request, reply) => {
    const refusal = guard.refusal(
      new OAuthError('invalid_request', 'There is nothing at this path.', { status: 404 }),
    );
    return reply.code(404).send(refusal.body);
  });
}
