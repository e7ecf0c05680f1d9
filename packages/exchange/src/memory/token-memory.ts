import { LRUCache } from 'lru-cache';
import type { Kept } from '../cache-entry.ts';
import { createTagIndex } from './tag-index.ts';

/**
 * Entries in the memory of this process, opened and ready to be served: bounded in bytes, least recently used
 * first out. What was evicted since a ticket was drawn is not taken in under that ticket, so that an entry that
 * was read or fetched before an eviction and arrives after it is never served from here.
 */
export interface TokenMemory {
  readonly get: (key: string) => Kept | undefined;
  /** Drawn before an entry is looked for elsewhere. */
  readonly ticket: () => number;
  readonly put: (key: string, kept: Kept, tags: readonly string[], ticket: number) => void;
  readonly delete: (key: string) => void;
  /** What has this tag. */
  readonly find: (tag: string) => readonly Kept[];
  /** Everything with this tag, and the entry with this key. */
  readonly evict: (tagOrKey: string) => void;
  /** Forgets everything and serves nothing until it is told to go on. */
  readonly suspend: () => void;
  readonly resume: () => void;
  /** What it counts itself to hold. */
  readonly bytes: () => number;
}

export interface TokenMemoryOptions {
  /** 0 keeps nothing. */
  readonly maxBytes: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

interface Slot {
  readonly kept: Kept;
  readonly tags: readonly string[];
}

/** Bytes of an entry beside its texts, with five tags; held against the heap by a test. */
const overhead = 1700;

/** Evicted tags that are remembered one by one; with more, older tickets are worth nothing. */
const rememberedEvictions = 10_000;

export function createTokenMemory({ maxBytes, now }: TokenMemoryOptions): TokenMemory {
  const tagged = createTagIndex();
  let drawn = 0;
  let oldestTicket = 0;
  let suspended = maxBytes === 0;
  const slots = new LRUCache<string, Slot>({
    maxSize: Math.max(1, maxBytes),
    sizeCalculation: sizeOf,
    dispose: ({ tags }, key) => tagged.remove(key, tags),
  });
  const evictions = new LRUCache<string, number>({
    maxSize: rememberedEvictions,
    sizeCalculation: () => 1,
    dispose: (ticket, _tag, reason) => {
      if (reason === 'evict') oldestTicket = Math.max(oldestTicket, ticket);
    },
  });
  const late = (key: string, tags: readonly string[], ticket: number) =>
    ticket < oldestTicket || [key, ...tags].some((name) => (evictions.peek(name) ?? 0) > ticket);

  return {
    get(key) {
      const kept = slots.get(key)?.kept;
      if (kept === undefined || now() < kept.until * 1000) return kept;
      slots.delete(key);
      return undefined;
    },
    ticket: () => drawn,
    put(key, kept, tags, ticket) {
      slots.delete(key);
      if (suspended || late(key, tags, ticket)) return;
      slots.set(key, { kept, tags });
      if (slots.has(key)) tagged.add(key, tags);
    },
    delete: (key) => void slots.delete(key),
    find: (tag) => tagged.keys(tag).flatMap((key) => slots.peek(key)?.kept ?? []),
    evict(tagOrKey) {
      drawn += 1;
      evictions.set(tagOrKey, drawn);
      slots.delete(tagOrKey);
      for (const key of tagged.keys(tagOrKey)) slots.delete(key);
    },
    suspend() {
      oldestTicket = ++drawn;
      suspended = true;
      slots.clear();
      tagged.clear();
    },
    resume() {
      // What was looked for meanwhile may have been evicted meanwhile.
      oldestTicket = ++drawn;
      suspended = maxBytes === 0;
    },
    bytes: () => slots.calculatedSize,
  };
}

function sizeOf({ kept }: Slot): number {
  if (kept.kind === 'refusal') return overhead + JSON.stringify(kept.refusal).length;
  const { accessToken, scopes, grantedAct } = kept.token;
  const scopeBytes = scopes.reduce((sum, scope) => sum + scope.length + 40, 0);
  const actBytes = grantedAct === undefined ? 0 : 200 + JSON.stringify(grantedAct).length;
  return overhead + accessToken.length + scopeBytes + actBytes;
}
