import type { SubjectKind } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { Revocation } from '@mcp-obo/revocation';
import type { ClientAuthenticator } from '../client-auth/authenticate.ts';
import type { ClientConfig } from '../config.ts';
import { parseForm, type TokenForm } from '../token/form.ts';
import { refuseSecretsInUrl } from '../token/token-endpoint.ts';
import type { FormRequest } from '../token/token-request.ts';
import type { IssuerRevocations } from './issuer-revocations.ts';
import { findRevocable, type RevocableTokensOptions } from './revocable-token.ts';
import type { RevocationObserver } from './revocation-observer.ts';
import type { Revoker } from './revoker.ts';

export interface RevocationEndpointOptions extends RevocableTokensOptions {
  readonly authenticate: ClientAuthenticator;
  readonly revoke: Revoker['revoke'];
  /** Ends a token at the issuer that it was obtained from. */
  readonly atIssuer: Pick<IssuerRevocations, 'revoke'>;
  /** Every issuer whose tokens can be revoked. */
  readonly issuers: readonly string[];
  readonly observer: RevocationObserver;
}

/** Two ways to revoke: one token by whom it belongs to, and much more by an operator. */
export interface RevocationEndpoints {
  /** `POST /revoke` (RFC 7009 §2). */
  readonly token: (request: FormRequest) => Promise<undefined>;
  /** `POST /revoke/all`: a session, a user or a client. */
  readonly all: (request: FormRequest) => Promise<undefined>;
}

export function createRevocationEndpoints(options: RevocationEndpointOptions): RevocationEndpoints {
  const { authenticate, revoke, atIssuer, issuers, observer } = options;
  const find = findRevocable(options);

  const endpoint =
    (step: (form: TokenForm, client: ClientConfig) => Promise<void>) =>
    async ({ query, body, ...proof }: FormRequest) => {
      refuseSecretsInUrl(query);
      const form = parseForm(body);
      const client = await authenticate({ ...proof, form });
      try {
        await step(form, client);
        return undefined;
      } catch (error) {
        observer.refused(error, client);
        throw error;
      }
    };

  return {
    token: endpoint(async (form, client) => {
      // The hint is ignored (RFC 7009 §2.1): there is one kind of token here.
      const token = form.required('token');
      const found = await find(token);
      if (found === undefined) return; //                                RFC 7009 §2.2
      if (!client.operator && !found.belongsTo(client)) throw notTheirs();
      const { revocation, user, obtained } = found;
      await revoke(revocation).finally(() => obtained && atIssuer.revoke(obtained));
      observer.revoked(revocation, { client: client.id, reason: 'revocation_request', user });
    }),
    all: endpoint(async (form, client) => {
      if (!client.operator) throw notAnOperator();
      const revocation = readRevocation(form, issuers);
      await revoke(revocation);
      observer.revoked(revocation, { client: client.id, reason: 'operator' });
    }),
  };
}

const kinds: readonly string[] = ['session', 'user', 'client'] satisfies readonly SubjectKind[];

function readRevocation(form: TokenForm, issuers: readonly string[]): Revocation {
  const kind = form.required('kind');
  if (!kinds.includes(kind)) throw invalid('The kind must be session, user or client.', 'revocation_kind');
  const issuer = form.required('issuer');
  if (!issuers.includes(issuer)) throw invalid('The issuer is not known here.', 'revocation_issuer');
  return { kind: kind as SubjectKind, issuer, id: form.required('id') };
}

/** RFC 7009 §2.1: the client is told; RFC 6749 §5.2: what was issued to another client is an invalid grant. */
function notTheirs(): OAuthError {
  return new OAuthError('invalid_grant', 'The token was not issued to this client.', {
    reason: 'revocation_foreign',
  });
}

function notAnOperator(): OAuthError {
  return new OAuthError('unauthorized_client', 'The client is not registered as an operator.', {
    reason: 'revocation_operator',
  });
}

function invalid(message: string, reason: string): OAuthError {
  return new OAuthError('invalid_request', message, { reason });
}
