import { discoverAuthorizationServer } from '@mcp-obo/metadata';
import { type KeySet, parseKeySet } from './key-set.ts';

/** `fetch`, as far as it is needed. Hand in one that is guarded against SSRF and bounded in size. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** What is needed to fetch the keys of an issuer. */
export interface KeyFetchOptions {
  readonly issuer: string;
  /** Found by discovery when absent (RFC 8414 §3). */
  readonly jwksUri: string | undefined;
  readonly algorithms: readonly string[];
  readonly fetch: Fetch;
  /** Longest time one fetch may take, discovery included; milliseconds. */
  readonly timeout: number;
}

/**
 * Fetches the key set of an issuer within its time. Where discovery found it is remembered until a fetch
 * fails. A set without any usable key counts as a failure, so that a slip at the issuer does not log all out.
 */
export function createKeyFetch(options: KeyFetchOptions, closed: AbortSignal): () => Promise<KeySet> {
  const { issuer, fetch, algorithms, timeout } = options;
  let discovered: string | undefined;

  async function locate(signal: AbortSignal): Promise<string> {
    if (options.jwksUri !== undefined) return options.jwksUri;
    if (discovered !== undefined) return discovered;
    const { jwks_uri: jwksUri } = await discoverAuthorizationServer(issuer, { fetch, signal });
    if (jwksUri === undefined) throw new Error('The metadata of the issuer has no jwks_uri.');
    discovered = jwksUri;
    return jwksUri;
  }

  async function fetchKeys(signal: AbortSignal): Promise<KeySet> {
    const uri = await locate(signal);
    discovered = undefined;
    const headers = { accept: 'application/jwk-set+json, application/json' };
    const response = await fetch(uri, { headers, signal });
    if (!response.ok) throw new Error(`The key set was answered with status ${response.status}.`);
    const set = await parseKeySet(await response.json(), algorithms);
    if (set.keys.size === 0) {
      const problems = set.leftOut.map(({ kid, problem }) => `${kid || '(no kid)'}: ${problem}`);
      throw new Error(`The key set holds no usable key. ${problems.join(', ')}`);
    }
    if (options.jwksUri === undefined) discovered = uri;
    return set;
  }

  return () => {
    const signal = AbortSignal.any([closed, AbortSignal.timeout(timeout)]);
    return Promise.race([fetchKeys(signal), rejectOnAbort(signal)]);
  };
}

/** A `fetch` that does not watch its signal must not hold a request for ever. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
