import { createKnownRevocations } from './known-revocations.ts';
import type { RevocationEntry } from './revocation.ts';
import type { RevocationList } from './revocation-list.ts';

export interface MemoryRevocationsOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Bound of the entries that are kept one by one. Default 100,000. */
  readonly maxEntries?: number;
}

/** A list for one process, which forgets it when it ends. */
export function createMemoryRevocations(options: MemoryRevocationsOptions): RevocationList {
  const { now, maxEntries = 100_000 } = options;
  const known = createKnownRevocations({ now, maxEntries });
  const watchers = new Set<(entry: RevocationEntry) => void>();
  return {
    isRevoked: known.covers,
    isFresh: () => true,
    age: () => 0,
    async revoke(entries) {
      for (const entry of entries) if (known.add(entry)) for (const tell of watchers) tell(entry);
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    ready: async () => undefined,
    close: async () => undefined,
  };
}
