import { type Grant, originallyIssuedAt, subjectKeys } from '@mcp-obo/grant';
import type { RevocationEntry } from './revocation.ts';

/** Entries in the memory of a process. */
export interface KnownRevocations {
  /** Takes an entry in; false when it says nothing that was not known. */
  readonly add: (entry: RevocationEntry) => boolean;
  readonly covers: (grant: Grant) => boolean;
  /** Every entry that is not past its time. */
  readonly entries: () => readonly RevocationEntry[];
  readonly size: () => number;
}

export interface KnownRevocationsOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Bound of the entries that are kept one by one. */
  readonly maxEntries: number;
}

/**
 * Entries by key, bounded. When there are more, the oldest goes and every token goes with it that was issued
 * before it, whoever's: a new token mends that, and nothing revoked comes back.
 */
export function createKnownRevocations({ now, maxEntries }: KnownRevocationsOptions): KnownRevocations {
  const byKey = new Map<string, RevocationEntry>();
  let issuedAfter = Number.NEGATIVE_INFINITY;

  function forgetExpired(): void {
    const time = now();
    for (const [key, { until }] of byKey) if (until <= time) byKey.delete(key);
  }

  function makeRoom(): void {
    if (byKey.size < maxEntries) return;
    forgetExpired();
    for (const [key, { before }] of byKey) {
      if (byKey.size < maxEntries) return;
      byKey.delete(key);
      issuedAfter = Math.max(issuedAfter, before);
    }
  }

  return {
    add(entry) {
      if (entry.until <= now()) return false;
      const known = byKey.get(entry.key);
      if (known !== undefined && known.before >= entry.before && known.until >= entry.until) return false;
      byKey.delete(entry.key);
      makeRoom();
      byKey.set(entry.key, {
        key: entry.key,
        before: Math.max(entry.before, known?.before ?? 0),
        until: Math.max(entry.until, known?.until ?? 0),
      });
      return true;
    },
    covers(grant) {
      const issuedAt = originallyIssuedAt(grant) * 1000;
      if (issuedAt <= issuedAfter) return true;
      if (byKey.size === 0) return false;
      return subjectKeys(grant).some(
        (key) => issuedAt <= (byKey.get(key)?.before ?? Number.NEGATIVE_INFINITY),
      );
    },
    entries() {
      forgetExpired();
      return [...byKey.values()];
    },
    size: () => byKey.size,
  };
}
