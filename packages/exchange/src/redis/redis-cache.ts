import type { Cluster, Redis } from 'ioredis';
import type { Cache } from '../cache.ts';

/** What was tried when Redis failed; `connection` for trouble outside any command. */
export type RedisOperation = 'get' | 'set' | 'delete' | 'evict' | 'ping' | 'connection';

export interface RedisCacheOptions {
  /** Standalone, Sentinel or Cluster; made with `redisOptions`. `close` ends it. */
  readonly redis: Redis | Cluster;
  /** In front of every key. Default `mcp-obo:`. */
  readonly prefix?: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told of every failed operation, and once when the connection is lost; for metrics and log. */
  readonly onError?: (operation: RedisOperation, error: unknown) => void;
}

/**
 * A cache in Redis 7 or Valkey. An entry ends by `PXAT`; a tag is a sorted set of keys by the time they
 * end, and lives as long as the last of them. A failure of Redis is a miss, or a write that did not happen.
 */
export function createRedisCache(options: RedisCacheOptions): Cache {
  const { redis, prefix = 'mcp-obo:', now, onError } = options;
  const entryName = (key: string) => `${prefix}e:${key}`;
  const tagName = (tag: string) => `${prefix}t:${tag}`;
  watchConnection(redis, (error) => onError?.('connection', error));

  async function attempt<T>(operation: RedisOperation, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      onError?.(operation, error);
      return undefined;
    }
  }

  /** A key of ours that holds anything but bytes is damaged and goes. */
  async function read(name: string): Promise<Uint8Array | undefined> {
    try {
      return (await redis.getBuffer(name)) ?? undefined;
    } catch (error) {
      if (String(error).includes('WRONGTYPE')) await redis.del(name);
      throw error;
    }
  }

  /** One slot a pipeline, so that a Cluster takes it. */
  async function addToTag(tag: string, key: string, end: number): Promise<void> {
    const name = tagName(tag);
    const pipeline = redis
      .pipeline()
      .zremrangebyscore(name, '-inf', String(now()))
      .zadd(name, end, key)
      .pexpireat(name, end, 'NX')
      .pexpireat(name, end, 'GT');
    const failed = (await pipeline.exec())?.find(([error]) => error !== null)?.[0];
    if (failed) throw failed;
  }

  return {
    get: (key) => attempt('get', () => read(entryName(key))),
    async set(key, value, { expiresAt, tags }) {
      const end = Math.floor(expiresAt);
      if (end <= now()) return;
      await attempt('set', async () => {
        await Promise.all(tags.map((tag) => addToTag(tag, key, end)));
        await redis.set(entryName(key), Buffer.from(value), 'PXAT', end);
      });
    },
    async add(key, value, { expiresAt, tags }) {
      const end = Math.floor(expiresAt);
      if (end <= now()) return true;
      const answer = await attempt('set', async () => {
        const stored = await redis.set(entryName(key), Buffer.from(value), 'PXAT', end, 'NX');
        if (stored !== null) await Promise.all(tags.map((tag) => addToTag(tag, key, end)));
        return stored;
      });
      return answer !== null;
    },
    async delete(key) {
      await attempt('delete', () => redis.del(entryName(key)));
    },
    async evictByTag(tag) {
      try {
        const keys = await redis.zrange(tagName(tag), '0', '-1');
        const removed = await Promise.all(keys.map((key) => redis.del(entryName(key))));
        if (keys.length > 0) await redis.zrem(tagName(tag), ...keys);
        return removed.reduce((sum, count) => sum + count, 0);
      } catch (error) {
        onError?.('evict', error);
        throw error;
      }
    },
    healthy: async () => (await attempt('ping', () => redis.ping())) === 'PONG',
    close: async () => redis.disconnect(),
  };
}

/** Tells that Redis cannot be reached once, and not at each attempt to connect again. */
function watchConnection(redis: Redis | Cluster, onLost: (error: unknown) => void): void {
  let lost = false;
  redis.on('ready', () => {
    lost = false;
  });
  redis.on('error', (error: unknown) => {
    if (!lost) onLost(error);
    lost = true;
  });
}
