import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cache } from './cache.ts';
import { createMemoryCache } from './memory-cache.ts';
import { createRedisCache } from './redis/redis-cache.ts';
import { redisOptions } from './redis/redis-options.ts';
import { sealCache } from './seal-cache.ts';

type Implementation = readonly [name: string, open: (now: () => number) => Promise<Cache>];

const hasRedis = redisAvailable();
const bytes = (text: string) => Buffer.from(text);
const keyRing = [{ id: 'k1', secret: Buffer.alloc(32, 7) }] as const;

let server: Awaited<ReturnType<typeof startRedis>> | undefined;
let opened = 0;

async function openRedis(now: () => number): Promise<Cache> {
  const redis = new Redis(server?.url ?? '', redisOptions);
  await new Promise((resolve) => redis.once('ready', resolve));
  return createRedisCache({ redis, now, prefix: `test-${++opened}:` });
}

const implementations: readonly Implementation[] = [
  ['in memory', async (now) => createMemoryCache({ now })],
  ['in Redis', openRedis],
  ['in memory, sealed', async (now) => sealCache(createMemoryCache({ now }), keyRing)],
  ['in Redis, sealed', async (now) => sealCache(await openRedis(now), keyRing)],
];

beforeAll(async () => {
  if (hasRedis) server = await startRedis();
});
afterAll(() => server?.stop());

it.skipIf(!hasRedis && process.env.CI !== 'true')('has a real redis-server to be tested on', () => {
  expect(hasRedis, 'install redis-server: the Redis cache is not tested without it').toBe(true);
});

describe.each(implementations)('a cache %s', (name, open) => {
  const skipped = name.includes('Redis') && !hasRedis;
  const time = { now: 0 };
  let cache: Cache;

  beforeAll(async () => {
    if (skipped) return;
    time.now = Date.now();
    cache = await open(() => time.now);
  });
  afterAll(() => cache?.close());

  const at = (tags: readonly string[] = []) => ({ expiresAt: time.now + 60_000, tags });

  it.skipIf(skipped)('gives back the bytes that were set', async () => {
    await cache.set('same', Buffer.of(0, 255, 10), at());
    expect([...((await cache.get('same')) ?? [])]).toEqual([0, 255, 10]);
  });

  it.skipIf(skipped)('knows nothing of a key that was never set', async () => {
    expect(await cache.get('never')).toBeUndefined();
  });

  it.skipIf(skipped)('replaces an entry', async () => {
    await cache.set('again', bytes('one'), at());
    await cache.set('again', bytes('two'), at());
    expect(String(await cache.get('again'))).toBe('two');
  });

  it.skipIf(skipped)('adds once, however many ask at the same moment', async () => {
    const added = await Promise.all(
      Array.from({ length: 20 }, () => cache.add('once', bytes('v'), at(['once-tag']))),
    );
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(String(await cache.get('once'))).toBe('v');
    expect(await cache.evictByTag('once-tag')).toBe(1);
    expect(await cache.add('once', bytes('w'), at())).toBe(true);
  });

  it.skipIf(skipped)(verifies('tb:cache-ttl', 'forgets an entry when its time is over'), async () => {
    await cache.set('short', bytes('v'), { expiresAt: time.now + 800, tags: ['short-tag'] });
    expect(String(await cache.get('short'))).toBe('v');
    if (name.includes('Redis')) await new Promise((resolve) => setTimeout(resolve, 850));
    time.now += 850;
    expect(await cache.get('short')).toBeUndefined();
    expect(await cache.evictByTag('short-tag')).toBe(0);
  });

  it.skipIf(skipped)('keeps nothing that is over already', async () => {
    await cache.set('over', bytes('v'), { expiresAt: time.now, tags: [] });
    expect(await cache.get('over')).toBeUndefined();
  });

  it.skipIf(skipped)('removes one entry', async () => {
    await cache.set('gone', bytes('v'), at());
    await cache.delete('gone');
    await cache.delete('gone');
    expect(await cache.get('gone')).toBeUndefined();
  });

  it.skipIf(skipped)('evicts every entry with a tag and no other, and says how many', async () => {
    await cache.set('a', bytes('1'), at(['alice', 's1']));
    await cache.set('b', bytes('2'), at(['alice']));
    await cache.set('c', bytes('3'), at(['bob']));
    expect(await cache.evictByTag('alice')).toBe(2);
    expect(await cache.evictByTag('alice')).toBe(0);
    expect(await Promise.all(['a', 'b'].map(cache.get))).toEqual([undefined, undefined]);
    expect(String(await cache.get('c'))).toBe('3');
  });

  it.skipIf(skipped)('answers that it is healthy', async () => {
    expect(await cache.healthy()).toBe(true);
  });
});
