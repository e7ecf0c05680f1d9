import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';

/** A 401 names a scheme (RFC 9110 §15.5.2), and a client that used Basic is told so (RFC 6749 §5.2). */
const basicChallenge = 'Basic realm="token", charset="UTF-8"';

/** Answers as RFC 6749 §5.2 and RFC 8693 §2.2.2 say. What really happened goes to the log alone. */
export function answerError(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void {
  const refusal = isOAuthError(error) ? error : translate(error);
  const fault = refusal.status >= 500;
  request.log[fault ? 'error' : 'info'](
    { code: refusal.code, reason: refusal.reason, err: refusal.cause },
    fault ? 'token request failed' : 'token request refused',
  );
  if (refusal.retryAfter !== undefined) reply.header('retry-after', String(refusal.retryAfter));
  if (refusal.status === 401) reply.header('www-authenticate', basicChallenge);
  reply.code(refusal.status).send(refusal.toBody());
}

/** Answers a path that cannot be decoded, which reaches no route. Fastify's own answer repeats it. */
export function answerUnreadablePath(
  _error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const refusal = new OAuthError('invalid_request', 'The path of the request cannot be read.', {
    reason: 'path',
  });
  reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
  answerError(refusal, request, reply);
}

/** There is nothing here: not an OAuth answer, and no echo of the path. */
export function answerNotFound(_request: FastifyRequest, reply: FastifyReply): void {
  reply.code(404).send({ error: 'not_found' });
}

/** What the framework itself refuses: a body that is too large, of another type, or broken. */
function translate(error: FastifyError | Error): OAuthError {
  const status = 'statusCode' in error ? error.statusCode : undefined;
  if (status === 413)
    return new OAuthError('invalid_request', 'The request is too large.', {
      status,
      reason: 'size',
      cause: error,
    });
  if (status !== undefined && status >= 400 && status < 500)
    return new OAuthError('invalid_request', 'Send a form (application/x-www-form-urlencoded).', {
      reason: 'content_type',
      cause: error,
    });
  return new OAuthError('server_error', 'The broker failed.', { cause: error });
}
