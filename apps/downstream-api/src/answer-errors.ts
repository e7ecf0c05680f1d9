import { bearerChallenge } from '@mcp-obo/metadata';
import { isOAuthError } from '@mcp-obo/oauth-error';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem, type ProblemCode, problemDetails, problemTable } from './problem.ts';

/** Fastify's own refusals by status. */
const refusals: Readonly<Record<number, readonly [code: ProblemCode, detail: string]>> = {
  400: ['invalid_request', 'The body is not JSON that can be read.'],
  413: ['body_too_large', 'The body is larger than this API reads.'],
  415: ['unsupported_media_type', 'The body must be application/json.'],
};

/** Answers a path that cannot be decoded or is too long for any id. Fastify's own answer repeats it. */
export function answerUnreadablePath(error: FastifyError, _request: FastifyRequest, reply: FastifyReply) {
  return error.code === 'FST_ERR_BAD_URL'
    ? sendProblem(reply, 'invalid_request', 'The path of the request cannot be read.')
    : sendProblem(reply, 'not_found', 'There is nothing at this path.');
}

/** Every error as RFC 9457, without inner text. What is no refusal is a fault of ours and in the log. */
export function answerErrors(app: FastifyInstance, resourceMetadata: string): void {
  app.setErrorHandler<FastifyError | Problem>((error, _request, reply) => {
    if (error instanceof Problem) return sendProblem(reply, error.code, error.message);
    if (isOAuthError(error)) {
      const { status, code, message, params } = error;
      const { scope } = params;
      return reply
        .header(
          'www-authenticate',
          bearerChallenge({
            resourceMetadata,
            error: code,
            errorDescription: message,
            ...(scope === undefined ? {} : { scope }),
          }),
        )
        .code(status)
        .type('application/problem+json')
        .send(problemDetails(status, 'Not authorized', code, message));
    }
    const [code, detail] = refusals[error.statusCode ?? 500] ?? ['server_error', 'Try again later.'];
    return sendProblem(reply, code, detail);
  });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, 'not_found', 'There is nothing at this path.'),
  );
}

function sendProblem(reply: FastifyReply, code: ProblemCode, detail: string) {
  const { status, title } = problemTable[code];
  return reply
    .code(status)
    .type('application/problem+json')
    .send(problemDetails(status, title, code, detail));
}
