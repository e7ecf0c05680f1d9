/**
 * The cache port: the only thing the engine knows of a store. Two implementations are proved by one test
 * table. An entry that cannot be read is a miss and never an error; a write that fails is counted and
 * forgotten by the implementation.
 */
export interface Cache {
  /** The value, or undefined when absent, expired or unreadable. */
  readonly get: (key: string) => Promise<Uint8Array | undefined>;
  /** Stores until `expiresAt` (milliseconds since the epoch) under tags it can be evicted by, and ends every claim to the entry. */
  readonly set: (key: string, value: Uint8Array, options: CacheEntryOptions) => Promise<void>;
  /**
   * Stores like `set`, but only when there is no entry yet, as one step for all who share the store: for what
   * may be used once. False when there was one; a store that does not answer cannot know, and that is true.
   */
  readonly add: (key: string, value: Uint8Array, options: CacheEntryOptions) => Promise<boolean>;
  /** The right to fill an entry, which one at a time has of all who share the store. */
  readonly claim: (key: string, options: ClaimOptions) => Promise<Claim>;
  /** Removes one entry, ends every claim to it and tells all who watch; a failure is forgotten like that of a write. */
  readonly delete: (key: string) => Promise<void>;
  /**
   * Removes every entry with the tag, ends every claim with it and tells all who watch; answers how many
   * entries. Rejects when the store did not do it: an eviction is never lost unseen.
   *
   * @param taken given each value as it goes; of all who evict it at the same time, one alone gets it
   */
  readonly evictByTag: (tag: string, taken?: (value: Uint8Array) => void) => Promise<number>;
  /** Tells of every eviction, whoever made it, for what is kept outside the store; until the answer is called. */
  readonly watch: (watcher: CacheWatcher) => () => void;
  /** Whether the store answers now. */
  readonly healthy: () => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export interface CacheEntryOptions {
  readonly expiresAt: number;
  readonly tags: readonly string[];
}

export interface ClaimOptions extends CacheEntryOptions {
  /** True to replace an entry that is there; it stays until then. */
  readonly refill?: boolean;
}

/** What became of the wish to fill an entry. */
export type Claim =
  /** The caller has the right until it fills, releases, or is found dead. */
  | HeldClaim
  /** The entry is there meanwhile. */
  | { readonly state: 'filled' }
  /** Another has it. `ended` resolves when that is over, or when nobody can tell any more; it never rejects. */
  | { readonly state: 'taken'; readonly ended: Promise<void>; readonly dispose: () => void }
  /** The store does not answer. */
  | { readonly state: 'unknown' };

export interface HeldClaim {
  readonly state: 'held';
  /**
   * Stores the value, no longer than the claim said, under the tags of the claim and these; false when the right was
   * lost meanwhile: nothing is stored then.
   */
  readonly fill: (value: Uint8Array, expiresAt: number, tags?: readonly string[]) => Promise<boolean>;
  /** Gives the right back; nothing when it is over already. */
  readonly release: () => Promise<void>;
}

export interface CacheWatcher {
  /** Everything with this tag is evicted, or the entry with this key. */
  readonly evicted: (tagOrKey: string) => void;
  /** Evictions may be missed from now on: what is kept outside the store must not be used. */
  readonly lost: () => void;
  /** From now on none is missed. A watcher starts in this state when the store can tell. */
  readonly restored: () => void;
}
