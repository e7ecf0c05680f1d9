import { LRUCache } from 'lru-cache';

/**
 * Where interactions are kept until they end: in this process, or shared by replicas. Values are sealed or say
 * nothing of anybody before they come here.
 */
export interface InteractionStore {
  /** Keeps a value until that time, milliseconds since the epoch. */
  readonly put: (key: string, value: string, expiresAt: number) => Promise<void>;
  readonly get: (key: string) => Promise<string | undefined>;
  /** Gives a value away for good: of several callers, in however many processes, one gets it. */
  readonly take: (key: string) => Promise<string | undefined>;
}

export interface MemoryInteractionStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Default 10,000; the oldest go first. */
  readonly maxEntries?: number;
}

/** Interactions of one process. */
export function createMemoryInteractionStore({
  now,
  maxEntries = 10_000,
}: MemoryInteractionStoreOptions): InteractionStore {
  const kept = new LRUCache<string, string>({ max: maxEntries, ttl: 1, perf: { now }, ttlResolution: 0 });
  return {
    async put(key, value, expiresAt) {
      kept.set(key, value, { ttl: Math.max(1, expiresAt - now()) });
    },
    get: async (key) => kept.get(key),
    async take(key) {
      const value = kept.get(key);
      kept.delete(key);
      return value;
    },
  };
}
