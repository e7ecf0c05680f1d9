import type { Cache } from '@mcp-obo/exchange';
import { tokenHash } from '@mcp-obo/grant';
import { LRUCache } from 'lru-cache';

/** Remembers what may be used once. */
export interface ReplayGuard {
  /** True for the first use of `id` by the client; remembered until `expiresAt` (milliseconds). */
  readonly firstUse: (client: string, id: string, expiresAt: number) => Promise<boolean>;
}

export interface ReplayGuardOptions {
  /** Shared by all replicas. */
  readonly cache: Pick<Cache, 'add'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Most ids kept in this process. */
  readonly maxEntries?: number;
}

/**
 * A replay guard: exact, also for requests at the same moment and between replicas that share the cache. While
 * the cache is away each process guards itself.
 */
export function createReplayGuard({ cache, now, maxEntries = 100_000 }: ReplayGuardOptions): ReplayGuard {
  const seen = new LRUCache<string, true>({ max: maxEntries, ttl: 1, perf: { now }, ttlResolution: 0 });
  return {
    async firstUse(client, id, expiresAt) {
      const key = `client-assertion:${tokenHash(JSON.stringify([client, id]))}`;
      if (seen.has(key)) return false;
      seen.set(key, true, { ttl: Math.max(1, expiresAt - now()) });
      return await cache.add(key, used, { expiresAt, tags: [] });
    },
  };
}

const used = Uint8Array.of(1);
