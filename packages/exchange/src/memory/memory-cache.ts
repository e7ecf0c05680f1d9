import { LRUCache } from 'lru-cache';
import type { Cache, CacheEntryOptions, CacheWatcher, Claim } from '../cache.ts';
import { createTagIndex } from './tag-index.ts';

export interface MemoryCacheOptions {
  /** The least recently used entry makes room for the next. Default 10,000. */
  readonly maxEntries?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Entry {
  readonly value: Uint8Array;
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

interface RunningClaim {
  readonly tags: readonly string[];
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** A cache in the memory of this process: bounded, and forgotten when the process ends. */
export function createMemoryCache({ maxEntries = 10_000, now }: MemoryCacheOptions): Cache {
  const tagged = createTagIndex();
  const claims = new Map<string, RunningClaim>();
  const watchers = new Set<CacheWatcher>();
  const entries = new LRUCache<string, Entry>({
    max: maxEntries,
    dispose: (entry, key) => tagged.remove(key, entry.tags),
  });

  function read(key: string): Uint8Array | undefined {
    const entry = entries.get(key);
    if (entry === undefined) return undefined;
    if (now() < entry.expiresAt) return entry.value;
    entries.delete(key);
    return undefined;
  }

  function write(key: string, value: Uint8Array, { expiresAt, tags }: CacheEntryOptions): void {
    entries.delete(key);
    if (!(now() < expiresAt)) return;
    entries.set(key, { value, expiresAt, tags });
    tagged.add(key, tags);
  }

  function endClaim(key: string): void {
    claims.get(key)?.end();
    claims.delete(key);
  }

  function hold(key: string, { expiresAt: latest, tags }: CacheEntryOptions): Claim {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const claim: RunningClaim = { tags, ended, end };
    claims.set(key, claim);
    const held = () => claims.get(key) === claim;
    return {
      state: 'held',
      async fill(value, expiresAt, more = []) {
        if (!held()) return false;
        write(key, value, { expiresAt: Math.min(expiresAt, latest), tags: [...tags, ...more] });
        endClaim(key);
        return true;
      },
      async release() {
        if (held()) endClaim(key);
      },
    };
  }

  return {
    get: async (key) => read(key),
    async set(key, value, options) {
      write(key, value, options);
      endClaim(key);
    },
    async add(key, value, options) {
      if (read(key) !== undefined) return false;
      write(key, value, options);
      return true;
    },
    async claim(key, options) {
      if (options.refill !== true && read(key) !== undefined) return { state: 'filled' };
      const running = claims.get(key);
      if (running === undefined) return hold(key, options);
      return { state: 'taken', ended: running.ended, dispose: () => undefined };
    },
    async delete(key) {
      entries.delete(key);
      endClaim(key);
      for (const watcher of watchers) watcher.evicted(key);
    },
    async evictByTag(tag, taken) {
      const keys = tagged.keys(tag).filter((key) => read(key) !== undefined);
      for (const key of keys) {
        const entry = entries.peek(key);
        entries.delete(key);
        if (entry !== undefined) taken?.(entry.value);
      }
      for (const [key, { tags }] of claims) if (tags.includes(tag)) endClaim(key);
      for (const watcher of watchers) watcher.evicted(tag);
      return keys.length;
    },
    watch(watcher) {
      watchers.add(watcher);
      watcher.restored();
      return () => void watchers.delete(watcher);
    },
    healthy: async () => true,
    async close() {
      entries.clear();
    },
  };
}
