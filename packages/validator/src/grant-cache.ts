import type { Grant } from '@mcp-obo/grant';
import { LRUCache } from 'lru-cache';
import type { KeySet } from './key-set.ts';
import type { KeySource } from './key-source.ts';

/** Grants of tokens that were verified before, by token hash. */
export interface GrantCache {
  /** The grant of that token, if its key set is still the issuer's and it has not expired. `seconds`: now. */
  get(tokenHash: string, seconds: number): Grant | undefined;
  /** Keeps a grant together with the keys that verified its token. */
  set(grant: Grant, keys: KeySource, set: KeySet): void;
}

interface Entry {
  readonly grant: Grant;
  readonly keys: KeySource;
  readonly set: KeySet;
}

/**
 * A bounded cache of verified tokens. An entry is found by the hash of the whole token, `iss` included, so
 * that none is reachable from a token of another issuer; it holds the key source of its own issuer, and is
 * worth nothing once that has other keys or waits for them, nor from `exp` on.
 */
export function createGrantCache(maxEntries: number): GrantCache {
  const entries = new LRUCache<string, Entry>({ max: maxEntries });
  return {
    get(tokenHash, seconds) {
      const entry = entries.get(tokenHash);
      if (entry === undefined) return undefined;
      if (seconds < entry.grant.expiresAt && entry.keys.peek()?.set === entry.set) return entry.grant;
      if (seconds >= entry.grant.expiresAt) entries.delete(tokenHash);
      return undefined;
    },
    set(grant, keys, set) {
      entries.set(grant.tokenHash, { grant, keys, set });
    },
  };
}
