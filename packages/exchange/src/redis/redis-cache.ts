import type { Cluster, Redis } from 'ioredis';
import type { Cache } from '../cache.ts';
import { type Scheduler, systemScheduler } from '../scheduler.ts';
import type { Seal } from '../seal/seal.ts';
import { createClaims } from './claim.ts';
import { mastersOf } from './listener.ts';
import { redisNames } from './names.ts';
import { createNews } from './news.ts';
import { defineScripts } from './scripts.ts';
import { createTags } from './tags.ts';

/** What was tried when Redis failed; `open` for a value that no key opens. */
export type RedisOperation = 'get' | 'open' | 'set' | 'claim' | 'delete' | 'evict' | 'ping';

export interface RedisCacheOptions {
  /** One server, Sentinel or Cluster; made by `openRedis`. `close` ends it, and a second connection made from it. */
  readonly redis: Redis | Cluster;
  /** Made by `createSeal`: names and values leave this process sealed only. */
  readonly seal: Seal;
  /** In front of every key and channel. Default `mcp-obo:`. */
  readonly prefix?: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A fresh unguessable string. */
  readonly random: () => string;
  /** Default: the system's timers. */
  readonly schedule?: Scheduler;
  /** Milliseconds after which the holder of a claim that says nothing is taken for dead. Default 2,000. */
  readonly leaseMs?: number;
  /**
   * Replicas that must have an eviction before it counts as done: one that did not reach them could come back with
   * a failover. Default 0.
   */
  readonly replicas?: number;
  /** Told of every failed operation; for metrics and log. */
  readonly onError?: (operation: RedisOperation, error: unknown) => void;
}

/** How long and how often replicas are waited for: other commands of the connection wait for so many milliseconds. */
const replicationMs = 50;
const replicationTries = 5;

/**
 * A cache in Redis 7 or Valkey, shared by all processes with the same prefix and keys. A failure of Redis is a
 * miss, or a write that did not happen. What an operator of Redis sees: sealed values, names without meaning,
 * sizes and times.
 */
export function createRedisCache(options: RedisCacheOptions): Cache {
  const { redis, seal, prefix = 'mcp-obo:', now, random, schedule = systemScheduler, onError } = options;
  const names = redisNames(prefix);
  const scripts = defineScripts(redis);
  const tags = createTags(redis, names, seal.namesOf, now);
  const news = createNews({ redis, seal, names, self: random(), schedule });
  const claims = createClaims({
    scripts,
    names,
    link: news.link,
    tags,
    schedule,
    fence: random,
    leaseMs: options.leaseMs ?? 2000,
    onError: (error) => onError?.('claim', error),
  });

  async function attempt<T>(operation: RedisOperation, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      onError?.(operation, error);
      return undefined;
    }
  }

  /** An eviction that only the master knows is undone when a replica takes its place. */
  async function replicated(): Promise<void> {
    const { replicas = 0 } = options;
    if (replicas === 0) return;
    for (let tries = 0; tries < replicationTries; tries += 1) {
      const waits = mastersOf(redis).map((master) => master.wait(replicas, replicationMs).catch(() => 0));
      if ((await Promise.all(waits)).every((count) => count >= replicas)) return;
    }
    throw new Error('Too few replicas have the eviction: a failover could undo it.');
  }

  const drop = (name: string) => scripts.mcpOboDrop(names.entry(name), names.lease(name), names.ends, name);

  /** Removes an entry and hands it over: to one alone of all who try. */
  async function takeOut(name: string, taken: (value: Uint8Array) => void): Promise<number> {
    const keys = [names.entry(name), names.lease(name)] as const;
    const sealed = await scripts.mcpOboTakeBuffer(...keys, names.ends, name);
    const value = sealed === null ? undefined : seal.open(sealed, name);
    if (value !== undefined) taken(value);
    return sealed === null ? 0 : 1;
  }

  /** A key of ours that holds anything but a value sealed for its name is damaged and goes. */
  async function read(name: string): Promise<Uint8Array | undefined> {
    try {
      const sealed = await redis.getBuffer(names.entry(name));
      const value = sealed === null ? undefined : seal.open(sealed, name);
      if (sealed === null || value !== undefined) return value;
      onError?.('open', new Error('The value was not sealed for this entry by a key of the ring.'));
      await redis.del(names.entry(name));
      return undefined;
    } catch (error) {
      if (String(error).includes('WRONGTYPE')) await redis.del(names.entry(name));
      throw error;
    }
  }

  return {
    get: (key) =>
      attempt('get', async () => {
        for (const name of seal.namesOf(key)) {
          const value = await read(name);
          if (value !== undefined) return value;
        }
        return undefined;
      }),
    async set(key, value, { expiresAt, tags: tagged }) {
      const end = Math.floor(expiresAt);
      if (end <= now()) return;
      const [name] = seal.namesOf(key);
      await attempt('set', async () => {
        await tags.add(tagged, name, end);
        const rest = [seal.seal(value, name), end, names.ends, name] as const;
        await scripts.mcpOboPut(names.entry(name), names.lease(name), ...rest);
      });
    },
    async add(key, value, { expiresAt, tags: tagged }) {
      const end = Math.floor(expiresAt);
      if (end <= now()) return true;
      const added = await attempt('set', async () => {
        // Under the name of every key and in one order, so that processes whose rings only overlap agree.
        for (const name of seal.namesOf(key).toSorted()) {
          // Its seal is like no other: what is found there may be this one, of a command that was sent twice.
          const sealed = seal.seal(value, name);
          const there = await redis.setBuffer(names.entry(name), sealed, 'PXAT', end, 'NX', 'GET');
          if (there !== null && !sealed.equals(there)) return false;
          await tags.add(tagged, name, end);
        }
        return true;
      });
      return added ?? true;
    },
    claim(key, claim) {
      const [name] = seal.namesOf(key);
      return claims(name, { ...claim, seal: (value) => seal.seal(value, name) });
    },
    async delete(key) {
      await attempt('delete', async () => {
        await Promise.all(seal.namesOf(key).map(drop));
        await news.tell(key);
      });
    },
    async evictByTag(tag, taken) {
      try {
        const found = await tags.find(tag);
        const removed = await Promise.all(
          found.map((name) => (taken === undefined ? drop(name) : takeOut(name, taken))),
        );
        await news.tell(tag);
        await replicated();
        return removed.reduce((sum, count) => sum + count, 0);
      } catch (error) {
        onError?.('evict', error);
        throw error;
      }
    },
    watch: news.watch,
    healthy: async () => (await attempt('ping', () => redis.ping())) === 'PONG',
    async close() {
      news.link.close();
      redis.disconnect();
    },
  };
}
