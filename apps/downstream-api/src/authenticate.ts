import type { AuditLog } from '@mcp-obo/audit';
import type { Grant } from '@mcp-obo/grant';
import { nothingRevoked, type RevocationView, refuseOutdated } from '@mcp-obo/revocation';
import { type AuthenticatorOptions, createAuthenticator } from '@mcp-obo/validator';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemDetails } from './problem.ts';

/**
 * Lets a request through with a grant of its own token, or answers with the challenge of RFC 6750 §3 and a
 * problem that says the same. The credential goes no further than this. While revocations may be missing, what
 * changes something is refused (503), and what reads is after five minutes.
 */
export function createAuthentication(
  options: AuthenticatorOptions & {
    readonly audit: AuditLog;
    /** Default: nothing is revoked. */
    readonly revocations?: RevocationView;
  },
) {
  const { validator, revocations = nothingRevoked } = options;
  const authenticate = createAuthenticator({
    ...options,
    validator: {
      ...validator,
      async validate(credential) {
        const grant = await validator.validate(credential);
        if (!validator.isConfirmed(grant))
          refuseOutdated(revocations, { readOnly: credential.method === 'GET' });
        return grant;
      },
    },
  });
  const grants = new WeakMap<FastifyRequest, Grant>();
  return {
    hook: async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
      const { rawHeaders } = request.raw;
      const outcome = await authenticate({ method: request.method, rawHeaders, url: request.originalUrl });
      if (outcome.kind === 'accepted') {
        grants.set(request, outcome.grant);
        return undefined;
      }
      const { status, headers } = outcome.refusal;
      const [code, detail] =
        outcome.kind === 'absent'
          ? ['token_required', 'This API needs an access token.']
          : [outcome.error.code, outcome.error.message];
      if (outcome.kind === 'refused') {
        const decision = status < 500 ? 'refuse' : 'fault';
        options.audit.record({ type: 'authentication', decision, reason: outcome.error.reason });
      }
      return reply
        .code(status)
        .headers(headers)
        .type('application/problem+json')
        .send(problemDetails(status, 'Not authenticated', code, detail));
    },
    grantOf(request: FastifyRequest): Grant {
      const grant = grants.get(request);
      if (grant === undefined) throw new Error('The route is not behind authentication.');
      return grant;
    },
  };
}
