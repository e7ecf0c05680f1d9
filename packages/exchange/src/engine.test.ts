import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../test/fake-idp.ts';
import { createBench, expenses, noon, policy, request, resource } from '../test/setup.ts';
import type { Cache } from './cache.ts';
import { createMemoryCache } from './memory-cache.ts';

describe('an exchange', () => {
  it(verifies('tb:upstream-8693', 'asks by RFC 8693 §2.1 and answers with the checked token'), async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const token = await bench.engine.exchange(request(subject));
    expect(Object.fromEntries(bench.acme.requests[0]?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subject.subjectToken,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'api://expenses',
      scope: 'api:expenses.read',
      client_id: resource,
      client_secret: 'secret-of-mcp-server',
    });
    expect(token).toMatchObject({
      tokenType: 'Bearer',
      scopes: ['api:expenses.read'],
      expiresAt: noon + 300,
      issuedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      source: 'exchange',
    });
    expect(payloadOf(token.accessToken)).toMatchObject({ sub: 'user-alice', aud: 'api://expenses' });
  });

  it(verifies('sc:m2m', 'is refused for a token without a user'), async () => {
    const bench = createBench();
    const machine = await bench.subject({ sub: 'nightly-job', client_id: 'nightly-job' });
    await expect(bench.engine.exchange(request(machine))).rejects.toMatchObject({
      code: 'invalid_request',
      reason: 'subject_machine',
    });
    expect(bench.acme.requests).toHaveLength(0);
  });

  it.each([
    ['a target that is not there', { target: 'payroll' }, 'invalid_target', 'target_unknown'],
    [
      'a target named like a property of objects',
      { target: '__proto__' },
      'invalid_target',
      'target_unknown',
    ],
    ['a client that no rule names', { client: 'other-server' }, 'unauthorized_client', 'no_registration'],
    ['a scope above the ceiling', { scopes: ['api:expenses.write'] }, 'invalid_scope', 'policy_scope'],
    ['claims that are no JSON object', { claims: '[]' }, 'invalid_request', 'claims'],
    [
      'a token that is not the one of the grant',
      { subjectToken: 'other' },
      'server_error',
      'subject_mixed_up',
    ],
  ])(verifies('tb:policy', 'is refused for %s, and nobody is asked'), async (_what, over, code, reason) => {
    const bench = createBench();
    const subject = await bench.subject();
    await expect(bench.engine.exchange(request(subject, over))).rejects.toMatchObject({ code, reason });
    expect(bench.acme.requests).toHaveLength(0);
    expect(bench.events.at(-1)).toMatchObject({ type: 'refused', code, reason });
  });

  it(
    verifies(
      'tb:cache-ttl',
      'K06: is refused once the subject token is over, though the cache still has one',
    ),
    async () => {
      const bench = createBench();
      const subject = await bench.subject({ exp: noon + 100 });
      await bench.engine.exchange(request(subject));
      bench.time.now = noon + 100;
      await expect(bench.engine.exchange(request(subject))).rejects.toMatchObject({
        code: 'invalid_token',
        reason: 'subject_expired',
      });
    },
  );

  it('is given up by a caller who is gone, and goes on for the others', async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const caller = new AbortController();
    const gone = bench.engine.exchange(request(subject, { signal: caller.signal }));
    const stays = bench.engine.exchange(request(subject));
    caller.abort();
    await expect(gone).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'aborted' });
    expect((await stays).source).toBe('shared');
    expect(bench.acme.requests).toHaveLength(1);
  });

  it('is not begun for a caller who is gone', async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const given = bench.engine.exchange(request(subject, { signal: AbortSignal.abort() }));
    await expect(given).rejects.toMatchObject({ reason: 'aborted' });
    expect(bench.acme.requests).toHaveLength(0);
  });

  it('of a bug is server_error, and the truth is in its cause', async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const broken = { ...subject.grant, claims: undefined as never };
    await expect(bench.engine.exchange(request(subject, { grant: broken }))).rejects.toMatchObject({
      code: 'server_error',
      cause: expect.any(TypeError),
    });
    expect(bench.events.at(-1)).toMatchObject({ type: 'refused', alarm: true });
  });
});

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
    let shared: Cache | undefined;
    const cache = (now: () => number) => {
      shared ??= createMemoryCache({ now });
      return shared;
    };
    const before = createBench({ cache });
    const subject = await before.subject();
    await before.engine.exchange(request(subject));
    const after = createBench({ cache, policy: { ...policy, version: '2' } });
    await expect(after.engine.exchange(request(subject))).resolves.toMatchObject({ source: 'exchange' });
  });

  it('never holds up an exchange when it fails', async () => {
    const down = () => Promise.reject(new Error('down'));
    const cache: Cache = {
      get: down,
      set: down,
      delete: down,
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
    ).toEqual(['failed', 'failed', 'bypass', 'failed', 'failed']);
  });

  it.each([
    ['is no JSON', () => 'junk'],
    ['is of another shape', () => '{}'],
    ['was made for another key', (own: string) => own.replace(/"key":"x1:/, '"key":"x1:other')],
    ['is past its own time', (own: string) => own.replace(/"until":\d+(\.\d+)?/, `"until":${noon - 1}`)],
  ])(verifies('tb:cache-key', 'K05: takes an entry that %s for a miss'), async (_what, damage) => {
    const entries = new Map<string, Uint8Array>();
    const cache: Cache = {
      get: async (key) => entries.get(key),
      set: async (key, value) => void entries.set(key, value),
      delete: async (key) => void entries.delete(key),
      evictByTag: async () => 0,
      healthy: async () => true,
      close: async () => undefined,
    };
    const bench = createBench({ cache: () => cache });
    const subject = await bench.subject();
    await bench.engine.exchange(request(subject));
    for (const [key, value] of entries) entries.set(key, Buffer.from(damage(Buffer.from(value).toString())));
    expect((await bench.engine.exchange(request(subject))).source).toBe('exchange');
    expect((await bench.engine.exchange(request(subject))).source).toBe('cache');
    expect(bench.events).toContainEqual({ type: 'cache', action: 'unreadable', target: 'expenses-api' });
  });
});

describe('what the engine tells', () => {
  it(verifies('tb:no-store', 'holds no token, in order, with who asked for what'), async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const first = await bench.engine.exchange(request(subject));
    await bench.engine.exchange(request(subject));
    expect(bench.events.map((event) => [event.type, 'action' in event ? event.action : undefined])).toEqual([
      ['cache', 'miss'],
      ['upstream', undefined],
      ['cache', 'stored'],
      ['issued', undefined],
      ['cache', 'hit'],
      ['issued', undefined],
    ]);
    expect(bench.events.at(-1)).toMatchObject({
      source: 'cache',
      granted: ['api:expenses.read'],
      context: {
        kind: 'on_behalf_of',
        client: 'mcp-server',
        tenant: 'acme',
        user: { key: 'user-alice' },
        subjectClient: 'client-1',
      },
    });
    const told = JSON.stringify(bench.events);
    for (const token of [subject.subjectToken, first.accessToken])
      for (const part of token.split('.')) expect(told).not.toContain(part);
  });
});

describe('a machine', () => {
  const machine = { client: 'mcp-server', target: 'expenses-api', scopes: ['api:expenses.totals'] };

  it(verifies('tb:m2m', 'gets a client-credentials token, cached the same way'), async () => {
    const bench = createBench();
    const first = await bench.engine.machine(machine);
    const second = await bench.engine.machine(machine);
    expect(Object.fromEntries(bench.acme.requests[0]?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      resource: 'api://expenses',
      scope: 'api:expenses.totals',
      client_id: resource,
      client_secret: 'secret-of-mcp-server',
    });
    expect(first).toMatchObject({ source: 'exchange', scopes: ['api:expenses.totals'] });
    expect(second).toEqual({ ...first, source: 'cache' });
    expect(bench.acme.requests).toHaveLength(1);
  });

  it.each([
    ['a scope of users', { scopes: ['api:expenses.read'] }, 'invalid_scope'],
    ['a tenant where no rule allows it', { tenant: 'globex' }, 'invalid_target'],
    ['a tenant that is not there', { tenant: 'umbrella' }, 'invalid_target'],
    ['a target that is not there', { target: 'payroll' }, 'invalid_target'],
    ['a client without a rule', { client: 'other-server' }, 'invalid_target'],
  ])(verifies('tb:m2m', 'is refused %s'), async (_what, over, code) => {
    const bench = createBench();
    await expect(bench.engine.machine({ ...machine, ...over })).rejects.toMatchObject({ code });
    expect(bench.acme.requests).toHaveLength(0);
  });

  it(verifies('tb:m2m', 'must name the tenant when it may act in several'), async () => {
    const rules = policy.rules.map((rule) =>
      rule.machine ? { ...rule, tenants: ['acme', 'globex'] } : rule,
    );
    const bench = createBench({ policy: { version: '1', rules } });
    await expect(bench.engine.machine(machine)).rejects.toMatchObject({ reason: 'tenant_ambiguous' });
    await bench.engine.machine({ ...machine, tenant: 'globex' });
    expect([bench.acme.requests.length, bench.globex.requests.length]).toEqual([0, 1]);
  });

  it(verifies('tb:narrow-only', 'is not given a token that names a user'), async () => {
    const bench = createBench();
    bench.acme.answerWith(async () => ({
      access_token: await bench.acme.issuer.mint({ aud: 'api://expenses', scope: 'api:expenses.totals' }),
      token_type: 'Bearer',
    }));
    await expect(bench.engine.machine(machine)).rejects.toMatchObject({ reason: 'answer_user' });
  });
});

describe('the wiring', () => {
  it('is refused at start with every problem in one message', () => {
    const wrong = {
      ...policy,
      rules: [...policy.rules, { clients: ['a'], target: 'b', tenants: ['c'], scopes: [] }],
    };
    expect(() => createBench({ targets: { other: expenses }, policy: wrong })).toThrow(
      /targets\.other is named "expenses-api".*policy\.rules\[3\]\.target "b" is not in targets/,
    );
  });
});
