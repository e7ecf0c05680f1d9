import { LRUCache } from 'lru-cache';
import type { Cache, CacheEntryOptions } from './cache.ts';

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

/** A cache in the memory of this process: bounded, and forgotten when the process ends. */
export function createMemoryCache({ maxEntries = 10_000, now }: MemoryCacheOptions): Cache {
  const keysByTag = new Map<string, Set<string>>();
  const entries = new LRUCache<string, Entry>({
    max: maxEntries,
    dispose: (entry, key) => untag(key, entry.tags),
  });

  function untag(key: string, tags: readonly string[]): void {
    for (const tag of tags) {
      const keys = keysByTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) keysByTag.delete(tag);
    }
  }

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
    for (const tag of tags) keysByTag.set(tag, (keysByTag.get(tag) ?? new Set()).add(key));
  }

  return {
    get: async (key) => read(key),
    set: async (key, value, options) => write(key, value, options),
    async add(key, value, options) {
      if (read(key) !== undefined) return false;
      write(key, value, options);
      return true;
    },
    async delete(key) {
      entries.delete(key);
    },
    async evictByTag(tag) {
      const keys = [...(keysByTag.get(tag) ?? [])];
      for (const key of keys) entries.delete(key);
      return keys.length;
    },
    healthy: async () => true,
    async close() {
      entries.clear();
    },
  };
}
