import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { ClientError, genericGrantRequest, ResponseBodyError } from 'openid-client';
import type { ErrorRow, UpstreamError } from '../errors/error-row.ts';
import { mapUpstreamError } from '../errors/map-error.ts';
import { readErrorBody, readRetryAfter } from '../errors/read-error.ts';
import { answerFetch } from './answer-fetch.ts';
import { type ClientEndpointOptions, causesOf, clientConfiguration } from './client-configuration.ts';
import { type GrantRequest, idJagType } from './grant-request.ts';
import type { UpstreamAnswer } from './upstream.ts';
import { UpstreamFailure } from './upstream-failure.ts';

export interface TokenEndpointOptions extends ClientEndpointOptions {
  /** What its errors mean. */
  readonly errorRows: readonly ErrorRow[];
}

/** One registration at one token endpoint. Rejects with the `OAuthError` of the error table. */
export type TokenEndpoint = (
  operation: UpstreamError['operation'],
  request: GrantRequest,
) => Promise<UpstreamAnswer>;

/** A token endpoint, spoken to by `openid-client`. */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const { credential, errorRows, now } = options;
  const configuration = clientConfiguration('token_endpoint', options, answerFetch(options.fetch));
  const kind = 'clientSecret' in credential ? 'secret' : 'assertion';

  return async (operation, { grantType, parameters }) => {
    try {
      const expected = parameters.requested_token_type === idJagType ? 'n_a' : 'bearer';
      return parseAnswer(await genericGrantRequest(configuration, grantType, { ...parameters }), expected);
    } catch (error) {
      throw await failure(error, { errorRows, sent: { operation, credential: kind }, now: now() });
    }
  };
}

interface TokenResponse {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in?: number;
  readonly scope?: string;
  readonly issued_token_type?: unknown;
}

/** @param expected `N_A` for what is no access token (RFC 8693 §2.2.1) */
function parseAnswer(response: TokenResponse, expected: 'bearer' | 'n_a'): UpstreamAnswer {
  const { token_type: tokenType, issued_token_type: issued, expires_in: expiresIn, scope } = response;
  if (tokenType !== expected) throw unusable('token_type', tokenType);
  return {
    accessToken: response.access_token,
    ...(typeof issued === 'string' ? { issuedTokenType: issued } : {}),
    ...(expiresIn === undefined ? {} : { expiresIn }),
    ...(scope === undefined ? {} : { scope: scope.split(' ').filter((name) => name !== '') }),
  };
}

interface FailureContext {
  readonly errorRows: readonly ErrorRow[];
  readonly sent: Parameters<typeof readErrorBody>[2];
  readonly now: number;
}

/** Sorts what `openid-client` throws: our own refusals, error answers, unusable answers, and our bugs. */
async function failure(error: unknown, { errorRows, sent, now }: FailureContext): Promise<unknown> {
  const own = causesOf(error).find(isOAuthError);
  if (own !== undefined) return own;
  const response = error instanceof ResponseBodyError ? error.response : causesOf(error).find(isResponse);
  if (response !== undefined && response.status !== 200) {
    const body =
      error instanceof ResponseBodyError ? error.cause : await response.json().catch(() => undefined);
    const retryAfter = readRetryAfter(response.headers, now);
    const cause = causeOf(error, response.status, body, retryAfter);
    return mapUpstreamError(errorRows, readErrorBody(response.status, body, sent), { retryAfter, cause });
  }
  return error instanceof ClientError ? unusable('response_invalid', error) : error;
}

function isResponse(value: unknown): value is Response {
  return value instanceof Response;
}

/** For the log: the codes the provider sent, and its ids by which its operators find the case. No free text. */
function causeOf(
  error: unknown,
  status: number,
  body: unknown,
  retryAfter: number | undefined,
): UpstreamFailure {
  const members = Object.entries(typeof body === 'object' && body !== null ? body : {});
  const codes = members.filter(([name]) => loggedMembers.has(name));
  const said = JSON.stringify(Object.fromEntries(codes)).slice(0, 500);
  return new UpstreamFailure(`The token endpoint answered ${status} ${said}`, {
    cause: error instanceof Error ? error.message : undefined,
    retryAfter,
  });
}

const loggedMembers: ReadonlySet<string> = new Set([
  'error',
  'error_codes',
  'suberror',
  'trace_id',
  'correlation_id',
  'errorCode',
]);

function unusable(reason: string, cause: unknown): OAuthError {
  return new OAuthError('bad_gateway', 'The authorization server sent an answer that cannot be used.', {
    reason: `upstream_${reason}`,
    cause,
  });
}
