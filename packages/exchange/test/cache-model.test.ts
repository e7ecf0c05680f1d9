import { randomUUID } from 'node:crypto';
import { openRedis } from '@mcp-obo/redis-connection/open';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cache, HeldClaim } from '../src/cache.ts';
import { createMemoryCache } from '../src/memory/memory-cache.ts';
import { createRedisCache } from '../src/redis/redis-cache.ts';
import { createSeal } from '../src/seal/seal.ts';

const key = fc.constantFrom('a' as const, 'b' as const, 'c' as const);
/** Whose an entry is, its key says: another answer under the same key is for the same user. */
const tagsOf = { a: ['alice'], b: ['alice', 'bob'], c: ['bob'] } as const;
const value = fc.nat(255);
const life = fc.integer({ min: 1, max: 5 });
const act = fc.oneof(
  fc.record({ do: fc.constant('get' as const), key }),
  fc.record({ do: fc.constant('set' as const), key, value, life }),
  fc.record({ do: fc.constant('add' as const), key, value, life }),
  fc.record({ do: fc.constant('claim' as const), key, refill: fc.boolean() }),
  fc.record({ do: fc.constant('fill' as const), key, value, life }),
  fc.record({ do: fc.constant('release' as const), key }),
  fc.record({ do: fc.constant('delete' as const), key }),
  fc.record({ do: fc.constant('evict' as const), tag: fc.constantFrom('alice', 'bob') }),
  fc.record({ do: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 4 }) }),
);
type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;

/** Longest life of an entry, milliseconds; an act's life is a part of it. */
const unit = 100_000;

interface Held {
  readonly tags: readonly string[];
  readonly latest: number;
}

/** What the cache port promises, in as few words as possible. */
class Model {
  now: number;
  readonly entries = new Map<string, { value: number; expiresAt: number; tags: readonly string[] }>();
  /** The claim that holds now, and that which was last held by the one who acts. */
  readonly claims = new Map<string, Held>();
  readonly mine = new Map<string, Held>();

  constructor(now: number) {
    this.now = now;
  }

  get(name: string) {
    const entry = this.entries.get(name);
    if (entry !== undefined && this.now >= entry.expiresAt) this.entries.delete(name);
    return this.entries.get(name);
  }

  perform(one: Act): unknown {
    switch (one.do) {
      case 'get':
        return this.get(one.key)?.value;
      case 'add':
        if (this.get(one.key) !== undefined) return false;
        this.entries.set(one.key, {
          value: one.value,
          expiresAt: this.now + one.life * unit,
          tags: tagsOf[one.key],
        });
        return true;
      case 'set':
        this.entries.set(one.key, {
          value: one.value,
          expiresAt: this.now + one.life * unit,
          tags: tagsOf[one.key],
        });
        this.claims.delete(one.key);
        return undefined;
      case 'claim': {
        if (!one.refill && this.get(one.key) !== undefined) return 'filled';
        if (this.claims.has(one.key)) return 'taken';
        const claim = { tags: tagsOf[one.key], latest: this.now + 10 * unit };
        this.claims.set(one.key, claim);
        this.mine.set(one.key, claim);
        return 'held';
      }
      case 'fill': {
        const claim = this.mine.get(one.key);
        if (claim === undefined || this.claims.get(one.key) !== claim) return false;
        this.claims.delete(one.key);
        this.entries.set(one.key, {
          value: one.value,
          expiresAt: Math.min(this.now + one.life * unit, claim.latest),
          tags: claim.tags,
        });
        return true;
      }
      case 'release':
        if (this.claims.get(one.key) === this.mine.get(one.key)) this.claims.delete(one.key);
        return undefined;
      case 'delete':
        this.entries.delete(one.key);
        this.claims.delete(one.key);
        return undefined;
      case 'evict': {
        const gone = [...this.entries.keys()].filter(
          (name) => this.get(name)?.tags.includes(one.tag) === true,
        );
        for (const name of gone) this.entries.delete(name);
        for (const [name, claim] of this.claims) if (claim.tags.includes(one.tag)) this.claims.delete(name);
        return gone.length;
      }
      case 'pass':
        this.now += one.seconds * unit;
        return undefined;
    }
  }
}

/** The same acts on a real cache. */
function player(cache: Cache, now: () => number) {
  const mine = new Map<string, HeldClaim>();
  return async (one: Act): Promise<unknown> => {
    switch (one.do) {
      case 'get':
        return (await cache.get(one.key))?.[0];
      case 'add':
        return cache.add(one.key, Uint8Array.of(one.value), {
          expiresAt: now() + one.life * unit,
          tags: tagsOf[one.key],
        });
      case 'set':
        return cache.set(one.key, Uint8Array.of(one.value), {
          expiresAt: now() + one.life * unit,
          tags: tagsOf[one.key],
        });
      case 'claim': {
        const claim = await cache.claim(one.key, {
          expiresAt: now() + 10 * unit,
          tags: tagsOf[one.key],
          refill: one.refill,
        });
        if (claim.state === 'held') mine.set(one.key, claim);
        if (claim.state === 'taken') claim.dispose();
        return claim.state;
      }
      case 'fill':
        return (await mine.get(one.key)?.fill(Uint8Array.of(one.value), now() + one.life * unit)) ?? false;
      case 'release':
        await mine.get(one.key)?.release();
        return undefined;
      case 'delete':
        return cache.delete(one.key);
      case 'evict':
        return cache.evictByTag(one.tag);
      case 'pass':
        return undefined;
    }
  };
}

async function agrees(cache: Cache, model: Model, acts: readonly Act[]): Promise<void> {
  const play = player(cache, () => model.now);
  for (const [index, one] of acts.entries()) {
    const expected = model.perform(one);
    expect([index, one, await play(one)]).toEqual([index, one, expected]);
  }
}

describe('a cache does what the port promises, whatever is done to it in whatever order', () => {
  it(verifies('tb:cache-ttl', 'in memory'), async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60, size: 'max' }), async (acts) => {
        const model = new Model(1_000_000);
        await agrees(createMemoryCache({ now: () => model.now }), model, acts);
      }),
      { numRuns: 1000 },
    );
  });

  it.skipIf(!redisAvailable() && process.env.CI !== 'true')(
    verifies('tb:cache-ttl', 'in Redis, whose clock no test can move'),
    async () => {
      const server = await startRedis();
      const { redis } = openRedis({ url: server.url }, () => undefined);
      const seal = createSeal([{ id: 'k1', secret: Buffer.alloc(32, 4) }]);
      let runs = 0;
      await new Promise((resolve) => redis.once('ready', resolve));
      const still = act.filter((one) => one.do !== 'pass');
      await fc.assert(
        fc.asyncProperty(fc.array(still, { maxLength: 30, size: 'max' }), async (acts) => {
          runs += 1;
          const shared = {
            redis,
            seal,
            now: Date.now,
            random: randomUUID,
            prefix: `model-${runs}:`,
            leaseMs: 60_000,
          };
          const cache = createRedisCache(shared);
          await agrees(cache, new Model(Date.now()), acts);
        }),
        { numRuns: 200 },
      );
      redis.disconnect();
      await server.stop();
    },
  );
});
