import type { Credential, Grant } from '@mcp-obo/grant';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type AuthenticatorOptions, createAuthenticator } from './authenticator.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the access token grants; set on routes behind `fastifyAuthenticate`. */
    grant?: Grant;
    /** The credential of the request, for the exchange and nothing else. */
    credential?: Credential;
  }
}

/**
 * An `onRequest` hook that lets a request through with `request.grant` and `request.credential`, or answers
 * it as RFC 6750 §3 says. It runs before the body is read.
 */
export function fastifyAuthenticate(
  options: AuthenticatorOptions,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const authenticate = createAuthenticator(options);
  return async (request, reply) => {
    const { rawHeaders } = request.raw;
    const outcome = await authenticate({ method: request.method, rawHeaders, url: request.originalUrl });
    if (outcome.kind === 'accepted') {
      request.grant = outcome.grant;
      request.credential = outcome.credential;
      return undefined;
    }
    const { status, headers, body } = outcome.refusal;
    return reply.code(status).headers(headers).send(body);
  };
}
