import { subjectKeys } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createBench, noon, request } from '../test/setup.ts';

describe('a request that is served again', () => {
  async function setUp(options: Parameters<typeof createBench>[0] = {}) {
    const bench = createBench(options);
    const subject = await bench.subject({ exp: noon + 1000 });
    const asked = request(subject);
    const again = bench.engine.repeat(asked);
    return { bench, asked, again, first: () => bench.engine.exchange(asked) };
  }

  it('is served what memory has, and told like any other', async () => {
    const { bench, again, first } = await setUp();
    expect(await again()).toBeUndefined();
    const { source: _, ...token } = await first();
    const issued = bench.events.findLast(({ type }) => type === 'issued');
    bench.events.length = 0;
    expect(await again()).toEqual({ ...token, source: 'cache' });
    expect(bench.events).toEqual([
      { type: 'cache', action: 'hit', target: 'expenses-api' },
      { ...issued, source: 'cache', again: true },
    ]);
    expect(bench.acme.requests).toHaveLength(1);
  });

  it.each([
    ['memory', {}, false],
    ['the cache where memory is off', { memoryBytes: 0 }, true],
  ])('is served at once from %s', async (_where, options, later) => {
    const { again, first } = await setUp(options);
    await first();
    const served = again();
    expect(served instanceof Promise).toBe(later);
    expect(await served).toMatchObject({ source: 'cache' });
  });

  it(verifies('tb:revocation', 'is not served when it was revoked while the cache was read'), async () => {
    let revoked = false;
    const revocations = { isRevoked: () => revoked, isFresh: () => true, age: () => 0 };
    const { bench, again, first } = await setUp({ memoryBytes: 0, revocations });
    await first();
    const issued = () => bench.events.filter(({ type }) => type === 'issued').length;
    const before = issued();
    const served = again();
    revoked = true;
    expect(await served).toBeUndefined();
    expect(issued()).toBe(before);
  });

  it(verifies('tb:cache-ttl', 'is not served past its time, nor when it is due for renewal'), async () => {
    const { bench, again, first } = await setUp();
    await first();
    bench.time.now += 179;
    expect(await again()).toBeDefined();
    bench.time.now += 2;
    expect(await again()).toBeUndefined();
  });

  it(verifies('tb:revocation', 'is not served once its user, session or token was evicted'), async () => {
    const { bench, asked, again, first } = await setUp();
    await first();
    const [tag = ''] = subjectKeys(asked.grant);
    await bench.engine.evictByTag(tag);
    expect(await again()).toBeUndefined();
  });

  it(
    verifies('tb:revocation', 'is not served while revocations may be missing, nor when it was revoked'),
    async () => {
      let state = { isRevoked: () => false, isFresh: () => true };
      const revocations = {
        isRevoked: () => state.isRevoked(),
        isFresh: () => state.isFresh(),
        age: () => 0,
      };
      const { again, first } = await setUp({ revocations });
      await first();
      expect(await again()).toBeDefined();
      state = { isRevoked: () => false, isFresh: () => false };
      expect(await again()).toBeUndefined();
      state = { isRevoked: () => true, isFresh: () => true };
      expect(await again()).toBeUndefined();
    },
  );

  it(verifies('tb:policy', 'cannot be had for what the policy does not allow'), async () => {
    const { bench, asked } = await setUp();
    expect(() => bench.engine.repeat({ ...asked, scopes: ['api:expenses.approve'] })).toThrow(
      expect.objectContaining({ code: 'invalid_scope' }),
    );
  });
});
