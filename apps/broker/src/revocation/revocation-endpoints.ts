import type { Upstream } from '@mcp-obo/exchange';
import { type SubjectKind, subjectKey } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { Revocation } from '@mcp-obo/revocation';
import type { ClientAuthenticator } from '../client-auth/authenticate.ts';
import type { ClientConfig } from '../config.ts';
import type { ResourceRegistry } from '../registry/resource-registry.ts';
import { parseForm, type TokenForm } from '../token/form.ts';
import { type FormRequest, refuseSecretsInUrl } from '../token/token-endpoint.ts';
import { isForClient, type KnownToken, type RecogniseToken, wasIssuedTo } from './known-token.ts';
import type { RevocationObserver } from './revocation-observer.ts';
import type { Revoker } from './revoker.ts';

export interface RevocationEndpointOptions {
  readonly authenticate: ClientAuthenticator;
  readonly recognise: RecogniseToken;
  readonly revoke: Revoker['revoke'];
  readonly upstreams: readonly Upstream[];
  readonly registry: ResourceRegistry;
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
  const { authenticate, recognise, revoke, issuers, observer } = options;

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
      const known = await recognise(form.required('token'));
      if (known === undefined) return; //                                RFC 7009 §2.2
      if (!mayRevoke(known, client, options)) throw notTheirs();
      const { issuer, tokenId: id, user } = known.grant;
      await revoke({ kind: 'token', issuer, id }, keptUnder(known));
      observer.revoked(
        { kind: 'token', issuer, id },
        { client: client.id, reason: 'revocation_request', user },
      );
    }),
    all: endpoint(async (form, client) => {
      if (!client.operator) throw notAnOperator();
      const revocation = readRevocation(form, issuers);
      await revoke(revocation);
      observer.revoked(revocation, { client: client.id, reason: 'operator' });
    }),
  };
}

/** The MCP server that a token is for, the client it was obtained with, or an operator. */
function mayRevoke(
  known: KnownToken,
  client: ClientConfig,
  { upstreams, registry }: Pick<RevocationEndpointOptions, 'upstreams' | 'registry'>,
): boolean {
  return client.operator || isForClient(known, client, registry) || wasIssuedTo(known, client, upstreams);
}

/** What was obtained with the token, and the token itself if it was obtained, is kept under its user. */
function keptUnder({ grant: { issuer, client, user } }: KnownToken): string {
  return user === undefined
    ? subjectKey('client', issuer, client)
    : subjectKey('user', user.issuer, user.key);
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
