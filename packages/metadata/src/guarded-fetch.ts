import { lookup as dnsLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { OAuthError } from '@mcp-obo/oauth-error';
import { Agent } from 'undici';
import { createAddressPolicy } from './address-policy.ts';
import { decodedResponse } from './decoded-response.ts';
import { type GuardedTls, guardedConnector } from './guarded-connector.ts';
import { sendRequest } from './one-request.ts';
import { dispatchable, type OutgoingRequest } from './outgoing.ts';
import { redirectedRequest } from './redirect.ts';
import { isLoopbackHost } from './resource.ts';

export interface GuardedFetchOptions {
  /** When given, only these hosts (`idp.example.com`, or with a port) are reached; also after a redirect. */
  readonly allowHosts?: readonly string[];
  /** Opens http and https to loopback hosts, and to nothing else. For development. */
  readonly allowLoopbackHttp?: boolean;
  /** Host names, addresses and CIDRs of the own network that may be reached, by https. */
  readonly allowPrivate?: readonly string[];
  /** For the whole exchange: resolution, connection, redirects and body. 5,000 ms by default. */
  readonly timeoutMs?: number;
  /** Largest body, counted after decompression. 256 KiB by default. */
  readonly maxBytes?: number;
  /** Redirects of a GET or HEAD that are followed, each judged like a first request. 2 by default. */
  readonly maxRedirects?: number;
  readonly tls?: GuardedTls;
  /** Name resolution; `dns.lookup` by default. */
  readonly lookup?: LookupFunction;
}

/** The part of `fetch` that discovery, JWKS, introspection and `openid-client` use. */
export interface GuardedFetch {
  (url: string | URL, init?: RequestInit): Promise<Response>;
  /** Closes idle connections; open requests end first. */
  close(): Promise<void>;
}

/**
 * A `fetch` for URLs that come from configuration, metadata or a client: https only, public addresses only
 * (judged when the connection is made, so that DNS rebinding does not pass), bounded time, size and
 * redirects (MCP security best practices, SSRF; OWASP SSRF prevention). The body is read before it resolves.
 *
 * Rejects with an `OAuthError`: `bad_gateway` with reason `blocked_url`, `blocked_address`,
 * `response_too_large`, `response_encoding` or `too_many_redirects`; `temporarily_unavailable` with reason `timeout` or
 * `unreachable`. If the caller's own signal aborts, with the reason of that signal.
 */
export function createGuardedFetch(options: GuardedFetchOptions = {}): GuardedFetch {
  const { timeoutMs = 5_000, maxBytes = 256 * 1024, maxRedirects = 2 } = options;
  const agent = new Agent({
    connect: guardedConnector({
      isAllowed: createAddressPolicy({
        allowPrivate: options.allowPrivate,
        allowLoopback: options.allowLoopbackHttp,
      }),
      lookup: options.lookup ?? (dnsLookup as LookupFunction),
      timeoutMs,
      tls: options.tls,
    }),
  });
  const assertAllowed = urlPolicy(options);

  async function exchange(first: OutgoingRequest, signal: AbortSignal): Promise<Response> {
    let request = first;
    for (let redirects = 0; ; redirects += 1) {
      assertAllowed(request.url);
      const answer = await sendRequest(agent, await dispatchable(request), { signal, maxBytes });
      const next = redirectedRequest(request, answer);
      if (next === undefined) return decodedResponse(answer, request.url, maxBytes);
      if (redirects === maxRedirects) throw tooManyRedirects(maxRedirects);
      request = next;
    }
  }

  const guarded = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const ending = new AbortController();
    const late = new Error(`no answer within ${timeoutMs} ms`);
    const timer = setTimeout(() => ending.abort(late), timeoutMs);
    const left = () => ending.abort(init.signal?.reason);
    init.signal?.addEventListener('abort', left);
    try {
      init.signal?.throwIfAborted();
      return await exchange({ url: new URL(url), init }, ending.signal);
    } catch (error) {
      init.signal?.throwIfAborted();
      throw refusalIn(error) ?? failure(error, error === late);
    } finally {
      clearTimeout(timer);
      init.signal?.removeEventListener('abort', left);
    }
  };
  return Object.assign(guarded, { close: () => agent.close() });
}

function urlPolicy({ allowHosts, allowLoopbackHttp = false }: GuardedFetchOptions): (url: URL) => void {
  return (url) => {
    const secure =
      url.protocol === 'https:' ||
      (allowLoopbackHttp && url.protocol === 'http:' && isLoopbackHost(url.hostname));
    if (!secure) throw blockedUrl(url, 'is not https');
    if (url.username !== '' || url.password !== '') throw blockedUrl(url, 'holds user information');
    if (allowHosts !== undefined && !allowHosts.includes(url.host) && !allowHosts.includes(url.hostname)) {
      throw blockedUrl(url, 'is not on an allowed host');
    }
  };
}

function blockedUrl(url: URL, why: string): OAuthError {
  return new OAuthError('bad_gateway', 'A URL behind this server is not allowed.', {
    reason: 'blocked_url',
    cause: new Error(`${url.origin}${url.pathname} ${why}`),
  });
}

function tooManyRedirects(maxRedirects: number): OAuthError {
  return new OAuthError('bad_gateway', 'A server behind this one redirects too often.', {
    reason: 'too_many_redirects',
    cause: new Error(`more than ${maxRedirects} redirects`),
  });
}

function failure(cause: unknown, late: boolean): OAuthError {
  return new OAuthError('temporarily_unavailable', 'A server behind this one does not answer.', {
    reason: late ? 'timeout' : 'unreachable',
    cause,
  });
}

/** undici hands on what the connector says as the cause of its own error. */
function refusalIn(error: unknown): OAuthError | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof OAuthError) return current;
  }
  return undefined;
}
