import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kept } from '../cache-entry.ts';
import { createTokenMemory, type TokenMemory } from './token-memory.ts';

const tokenLength = 1000;

function open(maxBytes = 1024 * 1024): TokenMemory & { readonly time: { now: number } } {
  const time = { now: 0 };
  const memory = createTokenMemory({ maxBytes, now: () => time.now * 1000 });
  return { ...memory, time };
}

function kept(accessToken = 'token', until = 1000): Kept {
  const token = {
    accessToken,
    tokenType: 'Bearer',
    expiresAt: until + 60,
    scopes: ['api:expenses.read', 'api:expenses.write'],
    issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
  } as const;
  return { kind: 'token', until, token, tokenKey: 'token:own' };
}

describe('the memory of an engine', () => {
  it('serves an entry until its time is over', () => {
    const memory = open();
    memory.put('a', kept(), [], memory.ticket());
    memory.time.now = 999;
    expect(memory.get('a')).toEqual(kept());
    memory.time.now = 1000;
    expect(memory.get('a')).toBeUndefined();
    expect(memory.bytes()).toBe(0);
  });

  it('makes room by what was used least recently, and never counts more than its bound', () => {
    const memory = open(20_000);
    for (let index = 0; index < 50; index += 1) {
      memory.put(`k${index}`, kept('t'.repeat(tokenLength)), ['tag'], memory.ticket());
      memory.get('k0');
      expect(memory.bytes()).toBeLessThanOrEqual(20_000);
    }
    expect(memory.get('k0')).toBeDefined();
    expect(memory.get('k1')).toBeUndefined();
    expect(memory.get('k49')).toBeDefined();
    memory.evict('tag');
    expect(memory.bytes()).toBe(0);
  });

  it('keeps nothing that is larger than all of it, and nothing at all when it has no room', () => {
    for (const memory of [open(500), open(0)]) {
      memory.put('a', kept(), ['tag'], memory.ticket());
      memory.resume();
      memory.put('a', kept(), ['tag'], memory.ticket());
      expect([memory.get('a'), memory.bytes()]).toEqual([undefined, 0]);
    }
  });

  it('takes in nothing that was looked for before its tag was evicted', () => {
    const memory = open();
    const early = memory.ticket();
    memory.evict('alice');
    memory.put('a', kept(), ['alice'], early);
    memory.put('b', kept(), ['bob'], early);
    expect([memory.get('a'), memory.get('b')]).toEqual([undefined, kept()]);
    memory.put('a', kept(), ['alice'], memory.ticket());
    expect(memory.get('a')).toEqual(kept());
    const late = memory.ticket();
    memory.evict('a');
    expect([memory.get('a'), memory.get('b')]).toEqual([undefined, kept()]);
    memory.put('a', kept(), ['alice'], late);
    expect(memory.get('a')).toBeUndefined();
  });

  it('remembers evictions without end: an old ticket is worth nothing when they are too many', () => {
    const memory = open();
    const early = memory.ticket();
    memory.evict('alice');
    for (let index = 0; index < 10_000; index += 1) memory.evict(`other-${index}`);
    memory.put('a', kept(), ['alice'], early);
    expect(memory.get('a')).toBeUndefined();
  });

  it('is empty while it is suspended, and takes in nothing from before', () => {
    const memory = open();
    const early = memory.ticket();
    memory.put('a', kept(), [], early);
    memory.suspend();
    memory.put('b', kept(), [], memory.ticket());
    expect([memory.get('a'), memory.get('b'), memory.bytes()]).toEqual([undefined, undefined, 0]);
    const meanwhile = memory.ticket();
    memory.resume();
    memory.put('a', kept(), [], early);
    memory.put('c', kept(), [], meanwhile);
    expect(memory.get('c')).toBeUndefined();
    memory.put('b', kept(), [], memory.ticket());
    expect([memory.get('a'), memory.get('b')]).toEqual([undefined, kept()]);
  });

  it('serves exactly what no eviction of its tags came after, in any order of looks and arrivals', () => {
    const tag = fc.constantFrom('alice', 'bob', 's1');
    const key = fc.constantFrom('k1', 'k2', 'k3');
    const step = fc.oneof(
      fc.record({ do: fc.constant('look' as const), key, tags: fc.uniqueArray(tag) }),
      fc.record({ do: fc.constant('arrive' as const), pick: fc.nat(5) }),
      fc.record({ do: fc.constant('evict' as const), tag }),
      fc.record({ do: fc.constant('lose' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const memory = open();
        const looks: { key: string; tags: string[]; ticket: number; valid: boolean }[] = [];
        const valid = new Map<string, { tags: string[]; valid: boolean }>();
        for (const one of steps) {
          if (one.do === 'look') looks.push({ ...one, ticket: memory.ticket(), valid: true });
          if (one.do === 'evict') {
            memory.evict(one.tag);
            for (const item of [...looks, ...valid.values()])
              if (item.tags.includes(one.tag)) item.valid = false;
          }
          if (one.do === 'lose') {
            memory.suspend();
            memory.resume();
            for (const item of [...looks, ...valid.values()]) item.valid = false;
          }
          if (one.do === 'arrive') {
            const look = looks.splice(one.pick, 1)[0];
            if (look === undefined) continue;
            memory.put(look.key, kept(), look.tags, look.ticket);
            valid.set(look.key, look);
          }
          for (const [name, item] of valid) expect(memory.get(name) !== undefined).toBe(item.valid);
        }
      }),
      { numRuns: 400 },
    );
  });
});
