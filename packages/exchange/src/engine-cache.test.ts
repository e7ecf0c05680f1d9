import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../test/fake-idp.ts';
import { createBench, noon, policy, request } from '../test/setup.ts';
import type { Cache } from './cache.ts';
import { createMemoryCache } from './memory/memory-cache.ts';
import { noCache } from './no-cache.ts';

describe('the cache of exchanges', () => {
  it(verifies('tb:cache-ttl', 'answers the second time, and expires_in is what remains'), async () => {
    const bench = createBench();
    const subject = await bench.subject({ exp: noon + 1000 });
    const first = await bench.engine.exchange(request(subject));
    bench.time.now += 100;
    const second = await bench.engine.exchange(request(subject));
    expect(second).toEqual({ ...first, source: 'cache' });
    expect(second.expiresAt - bench.time.now).toBe(200);
    expect(bench.acme.requests).toHaveLength(1);
  });

  it.each([
    ['inside the early-expiry margin', 241, 2],
    ['just before it', 239, 1],
  ])(
    verifies('tb:cache-ttl', 'K06: %s the identity provider is asked again'),
    async (_when, later, requests) => {
      const bench = createBench();
      const subject = await bench.subject({ exp: noon + 1000 });
      await bench.engine.exchange(request(subject));
      bench.time.now += later;
      await bench.engine.exchange(request(subject));
      expect(bench.acme.requests).toHaveLength(requests);
    },
  );

  it(verifies('tb:narrow-only', 'caps a life beyond the subject instead of refusing it'), async () => {
    const bench = createBench();
    const subject = await bench.subject({ exp: noon + 50 });
    const token = await bench.engine.exchange(request(subject));
    expect(payloadOf(token.accessToken).exp).toBe(noon + 300);
    expect(token.expiresAt).toBe(noon + 50);
  });

  it(verifies('tb:cache-key', 'K04: has one entry for scopes in any order'), async () => {
    const bench = createBench();
    const subject = await bench.subject({ scope: 'expenses:read expenses:write' });
    const scopes = ['api:expenses.write', 'api:expenses.read'];
    await bench.engine.exchange(request(subject, { scopes }));
    const again = await bench.engine.exchange(request(subject, { scopes: [...scopes].reverse() }));
    expect(again.source).toBe('cache');
    expect(again.scopes).toEqual(['api:expenses.read', 'api:expenses.write']);
  });

  it(verifies('tb:cache-key', 'never answers a request for more with a token for less'), async () => {
    const bench = createBench();
    const subject = await bench.subject({ scope: 'expenses:read expenses:write' });
    await bench.engine.exchange(request(subject));
    const write = await bench.engine.exchange(request(subject, { scopes: ['api:expenses.write'] }));
    expect(write.source).toBe('exchange');
    expect(write.scopes).toEqual(['api:expenses.write']);
  });

  it(
    verifies('tb:cache-key', 'K01: never gives one user the token of another, in 1,000 interleaved calls'),
    async () => {
      const bench = createBench();
      const users = await Promise.all(
        ['alice', 'bob', 'maria', 'frank'].map(async (name, index) => {
          const idp = index % 2 === 0 ? bench.acme : bench.globex;
          return { name, idp, subject: await bench.subject({ sub: name }, idp) };
        }),
      );
      const calls = Array.from({ length: 1000 }, async (_, index) => {
        const user = users[(index * 7) % users.length];
        if (user === undefined) throw new RangeError('no such user');
        const { accessToken } = await bench.engine.exchange(request(user.subject));
        expect(payloadOf(accessToken)).toMatchObject({ sub: user.name, iss: user.idp.issuer.issuer });
      });
      await Promise.all(calls);
      expect(bench.acme.requests.length + bench.globex.requests.length).toBe(4);
    },
  );

  it('makes identical cold requests of one process share one exchange', async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const tokens = await Promise.all(
      Array.from({ length: 50 }, () => bench.engine.exchange(request(subject))),
    );
    expect(new Set(tokens.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(tokens.map(({ source }) => source).sort()).toEqual(['exchange', ...Array(49).fill('shared')]);
    expect(bench.acme.requests).toHaveLength(1);
  });

  it(
    verifies('tb:cache-key', 'K09: is passed by for a claims challenge, whose answer replaces the entry'),
    async () => {
      const bench = createBench();
      const subject = await bench.subject({ exp: noon + 1000 });
      const old = await bench.engine.exchange(request(subject));
      const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
      const fresh = await bench.engine.exchange(request(subject, { claims }));
      const after = await bench.engine.exchange(request(subject));
      expect(bench.acme.requests.map(({ form }) => form.get('claims'))).toEqual([null, claims]);
      expect(fresh.accessToken).not.toBe(old.accessToken);
      expect(after).toMatchObject({ source: 'cache', accessToken: fresh.accessToken });
    },
  );

  it(verifies('tb:cache-key', 'K09: loses the entry even when the challenge is not met'), async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const old = await bench.engine.exchange(request(subject));
    bench.acme.answerWith(() => Response.json({ error: 'interaction_required' }, { status: 400 }));
    await expect(bench.engine.exchange(request(subject, { claims: '{}' }))).rejects.toMatchObject({
      code: 'interaction_required',
    });
    await expect(bench.engine.exchange(request(subject))).rejects.toMatchObject({
      code: 'interaction_required',
    });
    expect(old.source).toBe('exchange');
  });

  it(verifies('tb:cache-key', 'K09: does not keep an answer that a claims challenge overtook'), async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const gate = Promise.withResolvers<void>();
    let asked = 0;
    bench.acme.answerWith(async ({ form }) => {
      const number = ++asked;
      if (number === 1) await gate.promise;
      const access_token = await bench.acme.issuer.mint({
        sub: 'user-alice',
        aud: form.get('audience'),
        scope: form.get('scope'),
        number,
      });
      return { access_token, token_type: 'Bearer', expires_in: 300 };
    });
    const slow = bench.engine.exchange(request(subject));
    while (asked === 0) await new Promise((resolve) => setImmediate(resolve));
    await bench.engine.exchange(request(subject, { claims: '{}' }));
    gate.resolve();
    await slow;
    const kept = await bench.engine.exchange(request(subject));
    expect(kept.source).toBe('cache');
    expect(payloadOf(kept.accessToken).number).toBe(2);
  });

  it(
    verifies('tb:cache-key', 'K09: does not replace the answer to a claims challenge by an older one'),
    async () => {
      const bench = createBench();
      const subject = await bench.subject();
      const gates = { plain: Promise.withResolvers<void>(), challenged: Promise.withResolvers<void>() };
      bench.acme.answerWith(async ({ form }) => {
        const kind = form.has('claims') ? 'challenged' : 'plain';
        await gates[kind].promise;
        const asked = { aud: form.get('audience'), scope: form.get('scope') };
        const access_token = await bench.acme.issuer.mint({ sub: 'user-alice', ...asked, kind });
        return { access_token, token_type: 'Bearer', expires_in: 300 };
      });
      const challenged = bench.engine.exchange(request(subject, { claims: '{}' }));
      const plain = bench.engine.exchange(request(subject));
      gates.challenged.resolve();
      await challenged;
      gates.plain.resolve();
      await plain;
      expect(payloadOf((await bench.engine.exchange(request(subject))).accessToken).kind).toBe('challenged');
    },
  );

  it(verifies('tb:cache-key', 'forgets everything when the policy has a new version'), async () => {
    const shared = createMemoryCache({ now: () => noon * 1000 });
    const cache = () => shared;
    const before = createBench({ cache });
    const subject = await before.subject();
    await before.engine.exchange(request(subject));
    const after = createBench({ cache, policy: { ...policy, version: '2' } });
    await expect(after.engine.exchange(request(subject))).resolves.toMatchObject({ source: 'exchange' });
  });

  const down = () => Promise.reject(new Error('down'));

  it('never holds up an exchange when it fails', async () => {
    const cache: Cache = {
      get: down,
      set: down,
      add: down,
      delete: down,
      claim: down,
      watch: noCache.watch,
      evictByTag: down,
      healthy: async () => false,
      close: async () => undefined,
    };
    const bench = createBench({ cache: () => cache });
    const subject = await bench.subject();
    expect((await bench.engine.exchange(request(subject))).source).toBe('exchange');
    expect((await bench.engine.exchange(request(subject, { claims: '{}' }))).source).toBe('exchange');
    expect(
      bench.events.filter(({ type }) => type === 'cache').map((event) => 'action' in event && event.action),
    ).toEqual(['failed', 'failed', 'miss', 'bypass', 'failed', 'failed', 'failed', 'miss']);
  });

  it.each([
    ['is no JSON', () => 'junk'],
    ['is of another shape', () => '{}'],
    ['was made for another key', (own: string) => own.replace(/"key":"x2:/, '"key":"x2:other')],
    ['is past its own time', (own: string) => own.replace(/"until":\d+(\.\d+)?/, `"until":${noon - 1}`)],
  ])(verifies('tb:cache-key', 'K05: takes an entry that %s for a miss'), async (_what, damage) => {
    const entries = new Map<string, Uint8Array>();
    const cache: Cache = {
      ...noCache,
      get: async (key) => entries.get(key),
      claim: async (key) => ({
        state: 'held',
        fill: async (value) => entries.set(key, value).has(key),
        release: async () => undefined,
      }),
      delete: async (key) => void entries.delete(key),
    };
    const bench = createBench({ cache: () => cache, memoryBytes: 0 });
    const subject = await bench.subject();
    await bench.engine.exchange(request(subject));
    for (const [key, value] of entries) entries.set(key, Buffer.from(damage(Buffer.from(value).toString())));
    expect((await bench.engine.exchange(request(subject))).source).toBe('exchange');
    expect((await bench.engine.exchange(request(subject))).source).toBe('cache');
    expect(bench.events).toContainEqual({ type: 'cache', action: 'unreadable', target: 'expenses-api' });
  });
});
