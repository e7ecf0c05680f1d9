import { randomUUID } from 'node:crypto';
import { openRedis } from '@mcp-obo/redis-connection/open';
import { redisAvailable } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cache, Claim, HeldClaim } from '../src/cache.ts';
import { createMemoryCache } from '../src/memory/memory-cache.ts';
import { createRedisCache } from '../src/redis/redis-cache.ts';
import { createSeal } from '../src/seal/seal.ts';
import { prefix, topologies } from './topologies.ts';

type Implementation = readonly [name: string, open: (now: () => number) => Promise<Cache>];

const hasRedis = redisAvailable();
const bytes = (text: string) => Buffer.from(text);
const seal = createSeal([{ id: 'k1', secret: Buffer.alloc(32, 7) }]);

const inRedis: readonly Implementation[] = Object.entries(topologies).map(([name, start]) => [
  `in Redis ${name}`,
  async (now) => {
    const { settings, replicas, stop } = await start();
    const { redis } = openRedis(settings, () => undefined);
    const cache = createRedisCache({ redis, now, seal, random: randomUUID, prefix, replicas });
    await new Promise<void>((resolve) =>
      cache.watch({ evicted: () => undefined, lost: () => undefined, restored: resolve }),
    );
    return { ...cache, close: () => cache.close().then(stop) };
  },
]);

const implementations: readonly Implementation[] = [
  ['in memory', async (now) => createMemoryCache({ now })],
  ...inRedis,
];

it.skipIf(!hasRedis && process.env.CI !== 'true')('has a real redis-server to be tested on', () => {
  expect(hasRedis, 'install redis-server: the Redis cache is not tested without it').toBe(true);
});

describe.each(implementations)('a cache %s', (name, open) => {
  const skipped = name.includes('Redis') && !hasRedis;
  const time = { now: Date.now() };
  let cache: Cache;

  beforeAll(async () => {
    if (skipped) return;
    cache = await open(() => time.now);
    time.now = Date.now();
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

  it.skipIf(skipped)('tells all who watch what is evicted', async () => {
    const told: string[] = [];
    cache.watch({ evicted: (tag) => told.push(tag), lost: () => told.push('lost'), restored: () => {} });
    await cache.evictByTag('nobody');
    await cache.delete('nothing');
    await expect.poll(() => told).toEqual(['nobody', 'nothing']);
  });

  it.skipIf(skipped)(verifies('tb:revocation', 'hands over what it evicts, and nothing else'), async () => {
    const taken: string[] = [];
    await cache.set('covered', bytes('1'), at(['alice-2', 'session-2']));
    const held = heldOf(await cache.claim('filled-later', at(['alice-2', 'session-2'])));
    await held.fill(bytes('2'), time.now + 60_000);
    await cache.set('of another session', bytes('3'), at(['alice-2']));
    expect(await cache.evictByTag('session-2', (value) => taken.push(String(value)))).toBe(2);
    expect(taken.toSorted()).toEqual(['1', '2']);
    expect(String(await cache.get('of another session'))).toBe('3');
  });

  it.skipIf(skipped)(
    verifies('tb:revocation', 'hands each over once, however many evict it at the same moment'),
    async () => {
      const taken: string[] = [];
      for (const key of ['x', 'y', 'z']) await cache.set(key, bytes(key), at(['taken-by-many']));
      const take = (value: Uint8Array) => void taken.push(String(value));
      await Promise.all(Array.from({ length: 10 }, () => cache.evictByTag('taken-by-many', take)));
      expect(taken.toSorted()).toEqual(['x', 'y', 'z']);
    },
  );

  describe('a claim', () => {
    it.skipIf(skipped)(
      verifies('tb:single-flight', 'is held by one, however many ask at the same moment'),
      async () => {
        const claims = await Promise.all(Array.from({ length: 20 }, () => cache.claim('claimed', at())));
        const held = claims.filter((claim) => claim.state === 'held');
        expect(held).toHaveLength(1);
        const taken = claims.filter((claim) => claim.state === 'taken');
        expect(taken).toHaveLength(19);
        expect(await held[0]?.fill(bytes('v'), time.now + 60_000)).toBe(true);
        await Promise.all(taken.map(({ ended }) => ended));
        expect(String(await cache.get('claimed'))).toBe('v');
        expect(await cache.claim('claimed', at())).toEqual({ state: 'filled' });
      },
    );

    it.skipIf(skipped)(verifies('tb:single-flight', 'that is given back is the next one’s'), async () => {
      const first = heldOf(await cache.claim('given-back', at()));
      const second = await cache.claim('given-back', at());
      await first.release();
      if (second.state === 'taken') await second.ended;
      expect(await first.fill(bytes('late'), time.now + 60_000)).toBe(false);
      expect(await cache.get('given-back')).toBeUndefined();
      await heldOf(await cache.claim('given-back', at())).release();
    });

    it.skipIf(skipped).each([
      ['the entry is set', () => cache.set('ended', bytes('newer'), at())],
      ['the entry is deleted', () => cache.delete('ended')],
      ['one of its tags is evicted', () => cache.evictByTag('ended-tag')],
    ])(
      verifies('tb:single-flight', 'is over when %s, and what its holder brings then is not stored'),
      async (_when, end) => {
        const held = heldOf(await cache.claim('ended', at(['ended-tag'])));
        const waiting = await cache.claim('ended', at(['ended-tag']));
        await end();
        if (waiting.state === 'taken') await waiting.ended;
        const before = await cache.get('ended');
        expect(await held.fill(bytes('late'), time.now + 60_000)).toBe(false);
        expect(await cache.get('ended')).toEqual(before);
        await held.release();
        await cache.delete('ended');
      },
    );

    it.skipIf(skipped)(
      'fills an entry that its tags evict, and that ends no later than was said',
      async () => {
        time.now = Math.max(time.now, Date.now());
        const held = heldOf(
          await cache.claim('filled', { expiresAt: time.now + 5000, tags: ['filled-tag'] }),
        );
        await held.fill(bytes('v'), time.now + 60_000);
        const again = heldOf(await cache.claim('filled-2', at(['filled-tag'])));
        await again.fill(bytes('v'), time.now + 60_000);
        expect(await cache.evictByTag('filled-tag')).toBe(2);
        expect(await cache.get('filled-2')).toBeUndefined();
        const own = heldOf(await cache.claim('filled-3', at(['filled-tag'])));
        await own.fill(bytes('v'), time.now + 60_000, ['own-tag']);
        const taken: string[] = [];
        const take = (value: Uint8Array) => void taken.push(String(value));
        expect([await cache.evictByTag('own-tag', take), taken]).toEqual([1, ['v']]);
        expect(await cache.get('filled-3')).toBeUndefined();
        await heldOf(await cache.claim('filled', { expiresAt: time.now + 500, tags: [] })).fill(
          bytes('v'),
          Infinity,
        );
        if (name.includes('Redis')) await new Promise((resolve) => setTimeout(resolve, 550));
        time.now += 550;
        expect(await cache.get('filled')).toBeUndefined();
      },
    );
  });

  it.skipIf(skipped)('answers that it is healthy', async () => {
    expect(await cache.healthy()).toBe(true);
  });
});

function heldOf(claim: Claim): HeldClaim {
  if (claim.state !== 'held') throw new Error(`The claim is ${claim.state}.`);
  return claim;
}
