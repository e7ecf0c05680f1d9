import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import type { Cache } from './cache.ts';
import { createMemoryCache } from './memory-cache.ts';
import { type KeyRing, sealCache } from './seal-cache.ts';

const now = () => 1_000;
const at = { expiresAt: 2_000, tags: [] };
const old = { id: 'k1', secret: Buffer.alloc(32, 1) };
const fresh = { id: 'k2', secret: Buffer.alloc(32, 2) };
const secret = Buffer.from('an access token');

function sealed(keyRing: KeyRing = [old]): { store: Cache; cache: Cache } {
  const store = createMemoryCache({ now });
  return { store, cache: sealCache(store, keyRing) };
}

async function stored(store: Cache, key: string): Promise<Buffer> {
  return Buffer.from((await store.get(key)) ?? []);
}

describe('a sealed cache', () => {
  it(verifies('tb:cache-sealed', 'shows the store nothing of the value'), async () => {
    const { store, cache } = sealed();
    await cache.set('a', secret, at);
    expect((await stored(store, 'a')).includes(secret)).toBe(false);
    expect(await cache.get('a')).toEqual(secret);
  });

  it(verifies('tb:cache-sealed', 'seals the same value differently each time'), async () => {
    const { store, cache } = sealed();
    await cache.set('a', secret, at);
    const first = await stored(store, 'a');
    await cache.set('a', secret, at);
    expect((await stored(store, 'a')).equals(first)).toBe(false);
  });

  it(
    verifies('tb:cache-sealed', 'opens what an older key of the ring sealed, and seals with the newest'),
    async () => {
      const { store, cache } = sealed([old]);
      await cache.set('a', secret, at);
      const rotated = sealCache(store, [fresh, old]);
      expect(await rotated.get('a')).toEqual(secret);
      await rotated.set('a', secret, at);
      expect(await cache.get('a')).toBeUndefined();
    },
  );

  type Damage = readonly [name: string, damage: (store: Cache) => Promise<void>];
  const damages: readonly Damage[] = [
    ['K05 copied from another key', async (store) => store.set('a', await stored(store, 'b'), at)],
    ['K05 empty', (store) => store.set('a', Buffer.of(), at)],
    ['K05 one byte', (store) => store.set('a', Buffer.of(2), at)],
    ['K05 cut short', async (store) => store.set('a', (await stored(store, 'a')).subarray(0, -1), at)],
    ['K05 of an unknown key id', async (store) => store.set('a', flipped(await stored(store, 'a'), 1), at)],
    ...[0, 3, 19, 31, -17, -1].map(
      (place): Damage => [
        `K05 with a bit flipped at byte ${place}`,
        async (store) => store.set('a', flipped(await stored(store, 'a'), place), at),
      ],
    ),
  ];

  it.each(damages)(
    verifies('tb:cache-sealed', 'takes a value that is %s for a miss and deletes it'),
    async (_name, damage) => {
      const { store, cache } = sealed();
      await cache.set('a', secret, at);
      await cache.set('b', Buffer.from('the token of somebody else'), at);
      await damage(store);
      expect(await cache.get('a')).toBeUndefined();
      expect(await store.get('a')).toBeUndefined();
    },
  );

  it(verifies('tb:cache-sealed', 'takes a value of a key that left the ring for a miss'), async () => {
    const { store, cache } = sealed([old]);
    await cache.set('a', secret, at);
    const without = sealCache(store, [{ id: 'k1', secret: fresh.secret }]);
    expect(await without.get('a')).toBeUndefined();
  });

  it.each([
    ['a short key', [{ id: 'k', secret: Buffer.alloc(16) }]],
    ['an id twice', [old, old]],
    ['an id that is no word', [{ id: 'k 1', secret: Buffer.alloc(32) }]],
    ['no key', []],
  ])('refuses a key ring with %s', (_name, keyRing) => {
    expect(() => sealCache(createMemoryCache({ now }), keyRing as unknown as KeyRing)).toThrow(TypeError);
  });
});

function flipped(value: Buffer, place: number): Buffer {
  const copy = Buffer.from(value);
  const index = place < 0 ? copy.length + place : place;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}
