import {
  createGuardedFetch,
  type GuardedFetch,
  type GuardedFetchOptions,
  isLoopbackHost,
} from '@mcp-obo/metadata';

/**
 * The `fetch` of a facade: guarded (`createGuardedFetch`), and open to loopback only when one of the
 * configured URLs is there.
 */
export function fetchFor(urls: readonly string[], options: GuardedFetchOptions = {}): GuardedFetch {
  const allowLoopbackHttp = urls.some((url) => isLoopbackHost(new URL(url).hostname));
  return createGuardedFetch({ allowLoopbackHttp, ...options });
}
