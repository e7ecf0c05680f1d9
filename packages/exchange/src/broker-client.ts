import { randomUUID } from 'node:crypto';
import type { GuardedFetchOptions } from '@mcp-obo/metadata';
import { sortScopes } from '@mcp-obo/scopes';
import { abortable } from './abortable.ts';
import { brokerRows } from './errors/broker-rows.ts';
import { createBrokerInteractions } from './interaction/broker-interactions.ts';
import { fetchFor } from './network.ts';
import type { DownstreamToken, TokenExchange } from './on-behalf-of.ts';
import type { Fetch } from './upstream/answer-fetch.ts';
import type { GrantRequest } from './upstream/grant-request.ts';
import { accessTokenType } from './upstream/rfc8693.ts';
import { assertSecureEndpoint } from './upstream/secure-endpoint.ts';
import { createTokenEndpoint, type TokenEndpoint } from './upstream/token-endpoint.ts';
import type { UpstreamAnswer, UpstreamCredential } from './upstream/upstream.ts';

export interface BrokerClientOptions {
  /** The broker's token endpoint, e.g. `https://broker.example/token`. */
  readonly tokenEndpoint: string;
  /** `aud` of client assertions. Default: the token endpoint. */
  readonly issuer?: string;
  /** How this server proves itself to the broker. */
  readonly credential: UpstreamCredential;
  /** Where client credentials of a named tenant are asked for. Default: `{base}/{tenant}/oauth2/v2.0/token`. */
  readonly tenantTokenEndpoint?: (tenant: string) => string;
  /** Milliseconds for one request. Default 10,000: the broker's own wait for the identity provider is shorter. */
  readonly timeoutMs?: number;
  /** Default: a guarded fetch that reaches the broker's host, on a private network too. */
  readonly fetch?: Fetch;
  /** Settings of the default fetch, e.g. `tls: { ca }`. */
  readonly network?: GuardedFetchOptions;
  /** Milliseconds since the epoch. Default: the system clock. */
  readonly now?: () => number;
  /** A fresh unguessable string. Default: a random UUID. */
  readonly random?: () => string;
}

/**
 * Exchanges through a broker (RFC 8693, RFC 6749 §4.4). Its errors come back as they were before they went
 * on the wire: a refused subject is `invalid_token` again. Nothing is kept here; the broker has the cache.
 *
 * @throws TypeError at start for an endpoint that is neither https nor on loopback.
 */
export function createBrokerClient(options: BrokerClientOptions): TokenExchange {
  const { tokenEndpoint, credential, now = Date.now, random = randomUUID, timeoutMs = 10_000 } = options;
  assertSecureEndpoint(tokenEndpoint);
  const { hostname, host } = new URL(tokenEndpoint);
  const own = fetchFor([tokenEndpoint], {
    allowHosts: [host],
    allowPrivate: [hostname],
    timeoutMs,
    ...options.network,
  });
  const fetch = waiting(options.fetch ?? own, timeoutMs);
  const endpoints = new Map<string, TokenEndpoint>();

  function endpointAt(url: string): TokenEndpoint {
    const endpoint =
      endpoints.get(url) ??
      createTokenEndpoint({
        issuer: options.issuer ?? tokenEndpoint,
        url,
        credential,
        assertionAudience: options.issuer ?? url,
        reusesAssertion: false,
        errorRows: brokerRows,
        fetch,
        timeoutMs,
        now,
        random,
      });
    endpoints.set(url, endpoint);
    return endpoint;
  }

  function received(answer: UpstreamAnswer, asked: readonly string[]): DownstreamToken {
    return {
      accessToken: answer.accessToken,
      tokenType: 'Bearer',
      expiresAt: Math.floor(now() / 1000 + (answer.expiresIn ?? 0)),
      scopes: sortScopes(answer.scope ?? asked),
      source: 'remote',
    };
  }

  const tenantEndpoint =
    options.tenantTokenEndpoint ??
    ((tenant) => new URL(`${encodeURIComponent(tenant)}/oauth2/v2.0/token`, tokenEndpoint).href);

  return {
    async onBehalfOf({ target, scopes, subjectToken, claims, signal }) {
      const request = exchangeRequest({ target, scopes, subjectToken, claims });
      return received(await abortable(() => endpointAt(tokenEndpoint)('exchange', request), signal), scopes);
    },
    async forMachine({ target, scopes, tenant, signal }) {
      const url = tenant === undefined ? tokenEndpoint : tenantEndpoint(tenant);
      const request = {
        grantType: 'client_credentials',
        parameters: { audience: target, ...scopeOf(scopes) },
      };
      return received(await abortable(() => endpointAt(url)('client_credentials', request), signal), scopes);
    },
    interactions: createBrokerInteractions({
      tokenEndpoint,
      audience: options.issuer ?? tokenEndpoint,
      credential,
      fetch,
      timeoutMs,
      now,
      random,
    }),
    close: () => own.close(),
  };
}

/** Tells how long one waits for the answer (`Prefer: wait`, RFC 7240 §4.3): what comes later is for nobody. */
function waiting(fetch: Fetch, timeoutMs: number): Fetch {
  const prefer = `wait=${Math.max(1, Math.floor(timeoutMs / 1000))}`;
  return (url, init) => {
    const headers = new Headers(init?.headers);
    headers.set('prefer', prefer);
    return fetch(url, { ...init, headers });
  };
}

function exchangeRequest(asked: {
  target: string;
  scopes: readonly string[];
  subjectToken: string;
  claims: string | undefined;
}): GrantRequest {
  return {
    grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
    parameters: {
      subject_token: asked.subjectToken,
      subject_token_type: accessTokenType,
      requested_token_type: accessTokenType,
      audience: asked.target,
      ...scopeOf(asked.scopes),
      ...(asked.claims === undefined ? {} : { claims: asked.claims }),
    },
  };
}

function scopeOf(scopes: readonly string[]): { scope?: string } {
  return scopes.length === 0 ? {} : { scope: scopes.join(' ') };
}
