import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../test/fake-idp.ts';
import { createBench, expenses, noon, policy, request, resource } from '../test/setup.ts';

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
