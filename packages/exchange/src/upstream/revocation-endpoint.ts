import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { tokenRevocation } from 'openid-client';
import { readErrorBody, readRetryAfter } from '../errors/read-error.ts';
import { boundedText, type Fetch, reach } from './answer-fetch.ts';
import { type ClientEndpointOptions, causesOf, clientConfiguration } from './client-configuration.ts';
import { UpstreamFailure } from './upstream-failure.ts';

/** Ends an access token at its issuer. Rejects with an `OAuthError`, `temporarily_unavailable` for a fault. */
export type RevocationEndpoint = (token: string) => Promise<void>;

/** One registration at one revocation endpoint (RFC 7009 §2), spoken to by `openid-client`. */
export function createRevocationEndpoint(options: ClientEndpointOptions): RevocationEndpoint {
  const fetch = answered(options.fetch, options.now);
  const configuration = clientConfiguration('revocation_endpoint', options, fetch);
  return async (token) => {
    try {
      await tokenRevocation(configuration, token, { token_type_hint: 'access_token' });
    } catch (error) {
      throw causesOf(error).find(isOAuthError) ?? error;
    }
  };
}

/** The status says it all (§2.2): of an error its code is kept for the log, of a success nothing. */
function answered(fetch: Fetch, now: () => number): Fetch {
  return async (url, init) => {
    const response = await reach(() => fetch(url, init));
    const text = await boundedText(response);
    if (response.status === 200) return new Response(null, { status: 200 });
    const { error } = readErrorBody(response.status, parsed(text), notSent);
    const retryAfter = readRetryAfter(response.headers, now());
    const cause = new UpstreamFailure(`The revocation endpoint answered ${response.status} ${error ?? ''}`, {
      retryAfter,
    });
    throw refusalOf(response.status, error, { retryAfter, cause });
  };
}

/** What a token request would say of itself; of no meaning here. */
const notSent = { operation: 'exchange', credential: 'secret' } as const;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** §2.2.1; RFC 6749 §5.2. Limits and faults pass, whatever the body says. */
function refusalOf(
  status: number,
  error: string | undefined,
  details: { readonly retryAfter: number | undefined; readonly cause: unknown },
): OAuthError {
  if (status >= 500 || status === 429 || status === 408)
    return new OAuthError('temporarily_unavailable', 'The authorization server cannot revoke now.', {
      reason: status === 429 ? 'upstream_throttled' : 'upstream_fault',
      retryAfter: details.retryAfter ?? 5,
      cause: details.cause,
    });
  const reason =
    error === 'unsupported_token_type'
      ? 'revocation_unsupported'
      : status === 401 || error === 'invalid_client'
        ? 'upstream_credential'
        : 'revocation_refused';
  return new OAuthError('bad_gateway', 'The authorization server did not revoke the token.', {
    reason,
    cause: details.cause,
  });
}
