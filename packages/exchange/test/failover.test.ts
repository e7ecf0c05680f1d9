import { randomUUID } from 'node:crypto';
import { openRedis } from '@mcp-obo/redis-connection/open';
import { redisAvailable } from '@mcp-obo/testbed/redis';
import { startRedisCluster } from '@mcp-obo/testbed/redis-cluster';
import { startSentinelRedis } from '@mcp-obo/testbed/redis-sentinel';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cache } from '../src/cache.ts';
import { createRedisCache } from '../src/redis/redis-cache.ts';
import { createSeal } from '../src/seal/seal.ts';

const seal = createSeal([{ id: 'k1', secret: Buffer.alloc(32, 3) }]);
const value = Buffer.from('a token');
const soon = (tags: readonly string[] = []) => ({ expiresAt: Date.now() + 60_000, tags });

interface Replica {
  readonly cache: Cache;
  readonly told: string[];
}

const kinds = [
  [
    'Sentinels',
    async () => {
      const redis = await startSentinelRedis({ replicas: 2 });
      return { ...redis, settings: { sentinel: { name: redis.name, nodes: redis.nodes, tls: true } } };
    },
  ],
  [
    'a Cluster',
    async () => {
      const redis = await startRedisCluster({ replicas: 1 });
      return { ...redis, settings: { cluster: { nodes: redis.nodes } } };
    },
  ],
] as const;

// A machine that is busy may starve Redis for longer than a command may take: such a test is tried again.
describe.skipIf(!redisAvailable()).each(kinds)(
  'processes that share a Redis with %s',
  { retry: 2, timeout: 150_000 },
  (_kind, start) => {
    let redis: Awaited<ReturnType<typeof start>>;
    const opened: Cache[] = [];

    beforeEach(async () => {
      redis = await start();
    });
    afterEach(async () => {
      for (const cache of opened.splice(0)) await cache.close();
      await redis.stop();
    });

    async function replica(): Promise<Replica> {
      const { redis: client } = openRedis(redis.settings, () => undefined);
      const cache = createRedisCache({ redis: client, seal, now: Date.now, random: randomUUID, replicas: 1 });
      opened.push(cache);
      const told: string[] = [];
      cache.watch({
        evicted: (name) => told.push(name),
        lost: () => told.push('lost'),
        restored: () => told.push('restored'),
      });
      await expect.poll(() => told, { timeout: 20_000 }).toEqual(['restored']);
      told.length = 0;
      return { cache, told };
    }

    /** The keys of many entries, so that each master has some. */
    const keys = Array.from({ length: 12 }, (_, index) => `entry-${index}`);
    const replicas = () => redis.servers.slice(_kind === 'Sentinels' ? 1 : 3);

    it(
      verifies(
        'tb:redis-down',
        'lose the news with the master, get them back from its successor, and share again',
      ),
      async () => {
        const [one, two] = [await replica(), await replica()];
        const master = await redis.master();
        await redis.servers.find(({ port }) => port === master)?.kill();
        await expect
          .poll(
            async () => {
              await Promise.all(
                keys.map((key) => one.cache.set(key, value, soon(['alice'])).catch(() => undefined)),
              );
              const read = await Promise.all(keys.map(two.cache.get));
              return read.filter((found) => found !== undefined && value.equals(found)).length;
            },
            { timeout: 60_000, interval: 200 },
          )
          .toBe(keys.length);
        await expect.poll(() => two.told.at(-1) ?? 'restored', { timeout: 40_000 }).toBe('restored');
        two.told.length = 0;
        // Refused while no replica has it, or the new master is slow: whoever evicts tries again.
        const evicted = async () => {
          await one.cache.evictByTag('alice').catch(() => undefined);
          return two.told.includes('alice');
        };
        await expect.poll(evicted, { timeout: 60_000, interval: 200 }).toBe(true);
        const left = async () => (await Promise.all(keys.map(two.cache.get))).filter(Boolean).length;
        await expect
          .poll(async () => (await evicted()) && left(), { timeout: 60_000, interval: 200 })
          .toBe(0);
      },
    );

    it(verifies('tb:redis-down', 'do not count an eviction that a failover would undo'), async () => {
      const { cache } = await replica();
      await Promise.all(keys.map((key) => cache.set(key, value, soon(['alice']))));
      for (const server of replicas()) server.pause();
      await expect(cache.evictByTag('alice')).rejects.toThrow('a failover could undo it');
      for (const server of replicas()) server.resume();
      await expect
        .poll(() => cache.evictByTag('alice').then(() => 'done', String), { timeout: 40_000 })
        .toBe('done');
    });
  },
);
