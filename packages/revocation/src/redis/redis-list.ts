import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { createKnownRevocations } from '../known-revocations.ts';
import type { RevocationEntry } from '../revocation.ts';
import type { RevocationList } from '../revocation-list.ts';
import { createListReader } from './reader.ts';
import { writeEntry } from './replies.ts';
import { defineListScripts, listKeys } from './scripts.ts';

export interface RedisRevocationsOptions {
  /** Standalone, Sentinel or Cluster. It stays open; a second connection is made from it, which `close` ends. */
  readonly redis: Redis | Cluster;
  /** In front of every key; the same in all processes. Default `mcp-obo:`. */
  readonly prefix?: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A fresh unguessable string. */
  readonly random: () => string;
  /** Longest life of an entry, milliseconds: what is older goes from Redis. Default 30 hours. */
  readonly keepMs?: number;
  /** Age from which the view counts as out of date, milliseconds. Default 5,000. */
  readonly maxAgeMs?: number;
  /** How long one waits for news before it is asked whether the list is still there, milliseconds. Default 500. */
  readonly beatMs?: number;
  /** Age from which a list that was begun anew has been filled by all who are connected, milliseconds. Default 2,000. */
  readonly settleMs?: number;
  /** Bound of the entries that are kept one by one. Default 100,000. */
  readonly maxEntries?: number;
  /** Told of what went wrong at Redis, once until it goes well again. */
  readonly onError?: (error: unknown) => void;
  /** Told after each look at Redis, whatever came of it, how old the view is; for a metric. */
  readonly onLook?: (ageMs: number) => void;
}

const entriesAtOnce = 500;

/** Looks in a row that find no connection after which another one is opened. */
const patience = 3;

/**
 * A list in Redis 7 or Valkey, followed by every process. A process knows how old its view is: it counts only
 * what it has read to the end from a Redis that takes writes. A list that was lost is begun anew under another
 * mark; who is connected fills it from memory, and until they had the time for it no view is fresh.
 */
export function createRedisRevocations(options: RedisRevocationsOptions): RevocationList {
  const { redis, now, maxAgeMs = 5000, beatMs = 500, settleMs = 2000, maxEntries = 100_000 } = options;
  const { keepMs = 108_000_000, onError = () => undefined } = options;
  const keys = listKeys(options.prefix ?? 'mcp-obo:');
  const scripts = defineListScripts(redis);
  let listener = blockable(redis, beatMs);
  const known = createKnownRevocations({ now, maxEntries });
  const untold = new Map<string, RevocationEntry>();
  const watchers = new Set<(entry: RevocationEntry) => void>();
  const startedAt = now();
  const closing = new AbortController();
  const firstView = Promise.withResolvers<void>();
  const pause = () => sleep(beatMs, undefined, { ref: false, signal: closing.signal }).catch(() => undefined);
  let generation: string | undefined;
  let completeAt: number | undefined;
  /** What is known here and was not read from the list that was begun. */
  let lost = new Map<string, RevocationEntry>();

  const age = () => now() - (completeAt ?? startedAt);

  function take(entry: RevocationEntry): void {
    if (known.add(entry)) for (const tell of watchers) tell(entry);
  }

  async function tell(entries: readonly RevocationEntry[]): Promise<void> {
    for (let at = 0; at < entries.length; at += entriesAtOnce) {
      if (generation === undefined) throw new Error('The list of revocations was never reached.');
      const some = entries.slice(at, at + entriesAtOnce);
      const texts = some.map(writeEntry);
      const told = await scripts.mcpOboRevoke(keys.generation, keys.log, generation, keepMs, ...texts);
      if (told !== 1) throw new Error('The list of revocations was begun anew.');
      for (const entry of some) {
        if (untold.get(entry.key) === entry) untold.delete(entry.key);
        lost.delete(entry.key);
      }
    }
  }

  const reader = createListReader({
    redis: () => listener,
    keys,
    random: options.random,
    onEntry(entry) {
      if ((lost.get(entry.key)?.before ?? Infinity) <= entry.before) lost.delete(entry.key);
      take(entry);
    },
    onUnreadable: (count) =>
      onError(new Error(`${count} records of the list of revocations cannot be read.`)),
  });

  async function followOnce(): Promise<void> {
    await connected(listener, pause);
    const asked = now();
    const state = await reader.state();
    if (state.began && generation !== undefined)
      lost = new Map(known.entries().map((entry) => [entry.key, entry]));
    generation = state.generation;
    await reader.catchUp();
    await tell([...untold.values(), ...lost.values()]);
    if (state.generationAge >= settleMs) {
      completeAt = asked;
      firstView.resolve();
    }
    await reader.listen(beatMs);
  }

  async function follow(): Promise<void> {
    let failing = false;
    let unconnected = 0;
    while (!closing.signal.aborted) {
      try {
        await followOnce();
        failing = false;
      } catch (error) {
        if (closing.signal.aborted) return;
        if (!failing) onError(error);
        failing = true;
        // An answer that belongs to no question puts all that follow in doubt.
        if (error instanceof TypeError) listener.disconnect(true);
        await pause();
        unconnected = listener.status === 'ready' ? 0 : unconnected + 1;
        if (unconnected >= patience && !closing.signal.aborted) {
          // It knows the password of when it was made; the other may know a newer one.
          listener.disconnect();
          listener = blockable(redis, beatMs);
          unconnected = 0;
        }
      } finally {
        options.onLook?.(age());
      }
    }
  }

  const following = follow();

  return {
    isRevoked: known.covers,
    isFresh: () => completeAt !== undefined && age() >= 0 && age() <= maxAgeMs,
    age,
    async revoke(entries) {
      for (const entry of entries) take(entry);
      try {
        await tell(entries);
      } catch (error) {
        for (const entry of entries) untold.set(entry.key, entry);
        throw error;
      }
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    async ready(milliseconds) {
      const waited = new AbortController();
      const timeout = sleep(milliseconds, undefined, { signal: waited.signal }).catch(() => undefined);
      await Promise.race([firstView.promise, timeout]);
      waited.abort();
    },
    async close() {
      closing.abort();
      listener.disconnect();
      await following;
    },
  };
}

/** A further connection to the same Redis, whose answers may take as long as it is blocked. */
function blockable(redis: Redis | Cluster, milliseconds: number): Redis | Cluster {
  const slower = { commandTimeout: milliseconds + 1000, socketTimeout: milliseconds + 1500 };
  const listener = 'nodes' in redis ? redis.duplicate([], { redisOptions: slower }) : redis.duplicate(slower);
  // What it means is noticed by the command that fails.
  listener.on('error', () => undefined);
  return listener;
}

/** Resolves when there is a connection. Rejects when there is none after a while. */
async function connected(redis: Redis | Cluster, pause: () => Promise<unknown>): Promise<void> {
  const ready = () => redis.status === 'ready';
  if (ready()) return;
  if (redis.status === 'wait') redis.connect().catch(() => undefined);
  const { promise, resolve } = Promise.withResolvers<void>();
  redis.once('ready', resolve);
  await Promise.race([promise, pause()]);
  redis.off('ready', resolve);
  if (!ready()) throw new Error('Redis is not connected.');
}
