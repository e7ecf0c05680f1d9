import type { Login } from '@mcp-obo/grant';
import { OAuthError } from '@mcp-obo/oauth-error';
import { abortable } from '../abortable.ts';
import { brokerRows } from '../errors/broker-rows.ts';
import { mapUpstreamError } from '../errors/map-error.ts';
import { readErrorBody, readRetryAfter } from '../errors/read-error.ts';
import { answerFetch, type Fetch } from '../upstream/answer-fetch.ts';
import { type AssertionPolicy, clientAuthentication } from '../upstream/client-authentication.ts';
import { accessTokenType } from '../upstream/rfc8693.ts';
import type { UpstreamCredential } from '../upstream/upstream.ts';
import type { BrowserStart, UserInteractions } from './contract.ts';
import { words } from './login-facts.ts';

export interface BrokerInteractionsOptions extends Pick<AssertionPolicy, 'now' | 'random'> {
  /** The broker's token endpoint; the interaction endpoints are beside it. */
  readonly tokenEndpoint: string;
  /** `aud` of client assertions. */
  readonly audience: string;
  readonly credential: UpstreamCredential;
  readonly fetch: Fetch;
  /** Milliseconds for one request. */
  readonly timeoutMs: number;
}

/** Interactions through a broker, which has the registration that users consent to. */
export function createBrokerInteractions(options: BrokerInteractionsOptions): UserInteractions {
  const { tokenEndpoint, audience, credential, now, random, timeoutMs } = options;
  const authenticate = clientAuthentication(credential, { audience, reuse: false, now, random });
  const fetch = answerFetch(options.fetch);

  async function post(step: 'start' | 'finish', parameters: Readonly<Record<string, string>>) {
    const body = new URLSearchParams(parameters);
    const headers = new Headers({ accept: 'application/json' });
    await authenticate({ issuer: audience }, { client_id: credential.clientId }, body, headers);
    const response = await fetch(new URL(`interaction/${step}`, tokenEndpoint).href, {
      method: 'POST',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.status === 200) return answer;
    throw refusal(response, answer, now());
  }

  /** The authorization request that the broker writes. */
  const begin = ({ signal, ...request }: BrowserStart, what: Readonly<Record<string, string>>) =>
    abortable(async () => {
      const answer = await post('start', {
        subject_token: request.subjectToken,
        subject_token_type: accessTokenType,
        redirect_uri: request.redirectUri,
        state: request.state,
        nonce: request.nonce,
        code_challenge: request.codeChallenge,
        code_challenge_method: 'S256',
        ...what,
      });
      const url = (answer as { authorization_url?: unknown } | undefined)?.authorization_url;
      if (typeof url === 'string' && /^https?:/.test(url) && URL.canParse(url))
        return { authorizationUrl: url };
      throw unusable();
    }, signal);

  return {
    start: ({ target, scopes, reason, ...request }) =>
      begin(request, { audience: target, scope: scopes.join(' '), reason }),
    login: ({ demand: { maxAge, acrValues = [] } = {}, ...request }) =>
      begin(request, {
        reason: 'login_required',
        ...(maxAge !== undefined && { max_age: String(maxAge) }),
        ...(acrValues.length > 0 && { acr_values: acrValues.join(' ') }),
      }),
    finish: ({ signal, ...request }) =>
      abortable(async () => {
        const answer = await post('finish', {
          issuer: request.user.issuer,
          user: request.user.key,
          redirect_uri: request.redirectUri,
          response: request.response,
          state: request.state,
          nonce: request.nonce,
          code_verifier: request.codeVerifier,
        });
        return loginOf(answer);
      }, signal),
  };
}

/** A login of which nothing is said is one that proves no more than who it was. */
function loginOf(answer: unknown): Login {
  if (typeof answer !== 'object' || answer === null) throw unusable();
  const { auth_time: authTime, acr, amr } = answer as Readonly<Record<string, unknown>>;
  return { ...(typeof authTime === 'number' && { authTime }), acr: words(acr), amr: words(amr) };
}

function unusable(): OAuthError {
  return new OAuthError('bad_gateway', 'The broker sent an answer that cannot be used.', {
    reason: 'interaction_answer',
  });
}

/** What the broker tells apart where one code stands for two things. */
const denials: ReadonlySet<string> = new Set(['another_user', 'interaction_refused']);

function refusal(response: Response, body: unknown, now: number): OAuthError {
  const error = readErrorBody(response.status, body, { operation: 'exchange', credential: 'assertion' });
  const { suberror } = error;
  if (error.error === 'access_denied' && suberror !== undefined && denials.has(suberror))
    return new OAuthError('access_denied', 'The interaction did not succeed.', { reason: suberror });
  if (error.error === 'invalid_grant')
    return new OAuthError('invalid_grant', 'The answer of the authorization server does not prove a login.', {
      reason: 'interaction_answer',
    });
  return mapUpstreamError(brokerRows, error, {
    retryAfter: readRetryAfter(response.headers, now),
    cause: new Error(`the broker answered ${response.status} ${error.error ?? ''}`),
  });
}
