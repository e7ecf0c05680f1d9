import type { Grant } from '@mcp-obo/grant';
import { type IdpProfile, idpProfile } from '@mcp-obo/idp-profile';
import { bearerChallenge } from '@mcp-obo/metadata';
import { OAuthError, oauthErrorTable } from '@mcp-obo/oauth-error';
import { type Decision, emitScopes, stepUpChallenge } from '@mcp-obo/scopes';
import type { IssuerConfig } from '@mcp-obo/validator';

/** An HTTP answer that refuses. The body is a JSON-RPC error, which MCP clients can show. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly jsonrpc: '2.0';
    readonly id: string | number | null;
    readonly error: {
      readonly code: number;
      readonly message: string;
      readonly data: Readonly<Record<string, string>>;
    };
  };
}

export interface Refuser {
  /** For an error before or behind the decision. */
  readonly fromError: (error: OAuthError, id?: string | number | null) => Refusal;
  /** For a decision that a new login or a refresh can turn. */
  readonly fromStepUp: (grant: Grant, decision: StepUpDecision, id: string | number | null) => Refusal;
  /** The challenge alone, for clients that take it from a tool error. */
  readonly challenge: (grant: Grant, decision: StepUpDecision) => string;
}

export type StepUpDecision = Extract<Decision, { outcome: 'step-up' }>;

export interface RefuserOptions {
  readonly resourceMetadata: string;
  readonly issuers: readonly IssuerConfig[];
  readonly firstScopes: readonly string[];
}

/** Reason of the error that stands for "no credentials at all" (RFC 6750 §3.1). */
export const noToken = 'no_token';

/** JSON-RPC code of an error the HTTP layer raised (JSON-RPC 2.0 §5.1, the server's range). */
export const httpLayerError = -32000;

/** Writes refusals in the dialect of the issuer they are for (RFC 6750 §3, RFC 9728 §5.1). */
export function createRefuser({ resourceMetadata, issuers, firstScopes }: RefuserOptions): Refuser {
  const dialects = new Map(issuers.map((issuer) => [issuer.issuer, dialectOf(issuer)]));
  const firstDialect = issuers[0] === undefined ? undefined : dialectOf(issuers[0]);
  const firstScope = firstDialect === undefined ? firstScopes.join(' ') : spell(firstScopes, firstDialect);

  function challengeFor(error: OAuthError): string | undefined {
    if (error.reason === noToken) return bearerChallenge({ resourceMetadata, scope: firstScope });
    if (oauthErrorTable[error.code].fault === 'platform' || error.status === 413) return undefined;
    const { scope = error.status === 400 ? undefined : firstScope, claims } = error.params;
    return bearerChallenge({
      error: error.code,
      errorDescription: error.message,
      scope,
      resourceMetadata,
      // A header takes it as Base64, unlike the JSON of a token endpoint (Microsoft identity platform, claims challenge).
      claims: claims === undefined ? undefined : Buffer.from(claims).toString('base64'),
    });
  }

  function stepUpHeader(grant: Grant, decision: StepUpDecision): string {
    const dialect = dialects.get(grant.issuer);
    if (dialect === undefined)
      throw new OAuthError('server_error', 'The request could not be served.', { reason: 'no_dialect' });
    return bearerChallenge(
      stepUpChallenge(decision, { profile: dialect.profile, prefix: dialect.prefix, resourceMetadata }),
    );
  }

  return {
    fromError: (error, id = null) => {
      const challenge = challengeFor(error);
      return {
        status: error.status,
        headers: {
          ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
          ...(error.retryAfter === undefined ? {} : { 'retry-after': String(error.retryAfter) }),
          'cache-control': 'no-store',
        },
        body: jsonRpcError(id, error.message, error.reason === noToken ? {} : error.toBody()),
      };
    },
    fromStepUp: (grant, decision, id) => ({
      status: oauthErrorTable[decision.challenge.error].status,
      headers: { 'www-authenticate': stepUpHeader(grant, decision), 'cache-control': 'no-store' },
      body: jsonRpcError(id, decision.message, {
        error: decision.challenge.error,
        error_description: decision.message,
        scope: decision.challenge.scopes.join(' '),
      }),
    }),
    challenge: stepUpHeader,
  };
}

interface Dialect {
  readonly profile: IdpProfile;
  readonly prefix: string | undefined;
}

function dialectOf({ profile, scopePrefixes }: IssuerConfig): Dialect {
  return { profile: typeof profile === 'string' ? idpProfile(profile) : profile, prefix: scopePrefixes?.[0] };
}

function spell(scopes: readonly string[], { profile, prefix }: Dialect): string {
  return emitScopes(scopes, profile, prefix);
}

function jsonRpcError(
  id: string | number | null,
  message: string,
  data: Readonly<Record<string, string>>,
): Refusal['body'] {
  return { jsonrpc: '2.0', id, error: { code: httpLayerError, message, data } };
}
