/**
 * The cache port: the only thing the engine knows of a store. Two implementations are proved by one test
 * table. An entry that cannot be read is a miss and never an error; a write that fails is counted and
 * forgotten by the implementation.
 */
export interface Cache {
  /** The value, or undefined when absent, expired or unreadable. */
  readonly get: (key: string) => Promise<Uint8Array | undefined>;
  /** Stores until `expiresAt` (milliseconds since the epoch) under tags it can be evicted by. */
  readonly set: (key: string, value: Uint8Array, options: CacheEntryOptions) => Promise<void>;
  /**
   * Stores like `set`, but only when there is no entry yet, as one step for all who share the store: for what
   * may be used once. False when there was one; a store that does not answer cannot know, and that is true.
   */
  readonly add: (key: string, value: Uint8Array, options: CacheEntryOptions) => Promise<boolean>;
  /** Removes one entry; a failure is forgotten like that of a write. */
  readonly delete: (key: string) => Promise<void>;
  /** Removes every entry with the tag; answers how many. Rejects when the store did not do it: an eviction is never lost unseen. */
  readonly evictByTag: (tag: string) => Promise<number>;
  /** Whether the store answers now. */
  readonly healthy: () => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export interface CacheEntryOptions {
  readonly expiresAt: number;
  readonly tags: readonly string[];
}
