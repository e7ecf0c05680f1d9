import { entra, generic, keycloak } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { acme, createBench, expenses, globex, noon, request } from '../test/setup.ts';
import type { Target } from './target.ts';

const good = { sub: 'user-alice', aud: 'api://expenses', scope: 'api:expenses.read' };

/** A bench whose identity provider answers with a token of these claims, whatever was asked. */
function answering(
  claims: Readonly<Record<string, unknown>>,
  options: Parameters<typeof createBench>[0] & { body?: Readonly<Record<string, unknown>> } = {},
) {
  const bench = createBench(options);
  bench.acme.answerWith(async () => ({
    access_token: await bench.acme.issuer.mint({ ...good, ...claims }),
    token_type: 'Bearer',
    expires_in: 300,
    ...options.body,
  }));
  return bench;
}

describe('a token that comes back', () => {
  it.each([
    ['another user', { sub: 'user-bob' }, 'answer_user'],
    ['no user', { sub: 'client-1' }, 'answer_user'],
    ['another issuer', { iss: globex }, 'answer_signature'],
    ['an issuer nobody trusts', { iss: 'https://evil.example' }, 'answer_issuer'],
    ['another audience', { aud: 'api://payroll' }, 'answer_audience'],
    ['a further audience', { aud: ['api://expenses', 'api://payroll'] }, 'answer_audience'],
    ['our own audience: the subject token itself', { aud: 'https://mcp.example/mcp' }, 'answer_audience'],
    ['no audience', { aud: undefined }, 'answer_audience'],
    ['a scope above the ceiling', { scope: 'api:expenses.read api:expenses.approve' }, 'answer_scope'],
    ['a scope nobody knows', { scope: 'api:expenses.read email' }, 'answer_scope'],
    ['an end that is past', { exp: noon - 60 }, 'answer_exp'],
    ['a binding to a key that is not ours', { cnf: { jkt: 'thumb' } }, 'answer_cnf'],
    ['a chain of six actors', { act: chain(6) }, 'answer_'],
  ])(
    verifies('tb:narrow-only', 'is refused when it is for %s, and never kept'),
    async (_what, claims, reason) => {
      const bench = answering(claims);
      const subject = await bench.subject({ exp: noon + 1000 });
      for (const times of [1, 2]) {
        await expect(bench.engine.exchange(request(subject))).rejects.toMatchObject({
          code: 'bad_gateway',
          reason: expect.stringContaining(reason),
        });
        expect(bench.acme.requests).toHaveLength(times);
      }
      expect(bench.events.at(-1)).toMatchObject({ type: 'refused', alarm: true });
      expect(bench.events).not.toContainEqual(expect.objectContaining({ action: 'stored' }));
    },
  );

  it(
    verifies('tb:narrow-only', 'is refused when it is for a namesake: the same key at another issuer'),
    async () => {
      const bench = answering({});
      const { grant, subjectToken } = await bench.subject();
      const elsewhere = { ...grant, user: { issuer: globex, key: 'user-alice' } };
      await expect(bench.engine.exchange(request({ grant: elsewhere, subjectToken }))).rejects.toMatchObject({
        code: 'bad_gateway',
        reason: 'answer_user',
      });
    },
  );

  it(verifies('tb:narrow-only', 'is refused when it is good at a second target as well'), async () => {
    const payroll: Target = { ...expenses, name: 'payroll', audience: 'api://payroll' };
    const targets = { 'expenses-api': expenses, payroll };
    for (const aud of [['api://expenses', 'api://payroll'], 'api://payroll']) {
      const bench = answering({ aud }, { targets });
      const subject = await bench.subject();
      await expect(bench.engine.exchange(request(subject))).rejects.toMatchObject({
        reason: 'answer_audience',
      });
    }
  });

  it(verifies('tb:narrow-only', 'is refused when its signature is not of that issuer'), async () => {
    const bench = createBench();
    const subject = await bench.subject();
    bench.acme.answerWith(async () => ({
      access_token: await bench.globex.issuer.mint({ ...good, iss: acme }),
      token_type: 'Bearer',
    }));
    await expect(bench.engine.exchange(request(subject))).rejects.toMatchObject({ code: 'bad_gateway' });
  });

  it(
    verifies('tb:narrow-only', 'is refused when it is no JWT, for a target whose tokens are JWTs'),
    async () => {
      const bench = answering({}, { body: { access_token: 'opaque' } });
      const subject = await bench.subject();
      await expect(bench.engine.exchange(request(subject))).rejects.toMatchObject({ code: 'bad_gateway' });
    },
  );

  it(verifies('tb:narrow-only', 'may hold less than was asked for, and then says so'), async () => {
    const bench = answering({ scope: undefined });
    const subject = await bench.subject();
    expect((await bench.engine.exchange(request(subject))).scopes).toEqual([]);
  });

  it(
    verifies('tb:narrow-only', 'may hold more than was asked for as long as it is under the ceiling'),
    async () => {
      const bench = answering({ scope: 'api:expenses.write api:expenses.read' });
      const subject = await bench.subject({ scope: 'expenses:read expenses:write' });
      expect((await bench.engine.exchange(request(subject))).scopes).toEqual([
        'api:expenses.read',
        'api:expenses.write',
      ]);
    },
  );

  it('may have companions and scopes that the target is known to get', async () => {
    const target: Target = { ...expenses, companions: ['account'], ignoredScopes: ['email'] };
    const bench = answering(
      { aud: ['account', 'api://expenses'], scope: 'email api:expenses.read', azp: 'c' },
      { targets: { 'expenses-api': target }, profile: keycloak },
    );
    const subject = await bench.subject();
    expect((await bench.engine.exchange(request(subject))).scopes).toEqual(['api:expenses.read']);
  });

  it(verifies('tb:may-act', 'shows who the issuer says acts'), async () => {
    const bench = answering({ act: { sub: 'https://mcp.example/mcp' } });
    const subject = await bench.subject();
    expect((await bench.engine.exchange(request(subject))).grantedAct).toEqual({
      sub: 'https://mcp.example/mcp',
    });
  });

  it('waits, as our own fault, when its keys cannot be had', async () => {
    const bench = createBench();
    const subject = await bench.subject();
    bench.acme.answerWith(async () => {
      bench.acme.issuer.faults.set('error');
      return { access_token: await bench.acme.issuer.mint(good), token_type: 'Bearer' };
    });
    await expect(bench.engine.exchange(request(subject))).rejects.toMatchObject({
      code: 'temporarily_unavailable',
    });
  });
});

describe('an opaque token', () => {
  const graph: Target = { ...expenses, kind: 'opaque' };
  const opaque = (body: Readonly<Record<string, unknown>>, profile = generic) =>
    answering(
      {},
      { targets: { 'expenses-api': graph }, profile, body: { access_token: 'not.a.jwt', ...body } },
    );

  it.each([
    ['the scope of the response', { scope: 'api:expenses.read' }, ['api:expenses.read']],
    ['what was asked for when there is none (RFC 6749 §5.1)', { scope: undefined }, ['api:expenses.read']],
    ['nothing when it is empty', { scope: '' }, []],
  ])(verifies('tb:narrow-only', 'is never parsed, and holds %s'), async (_what, body, scopes) => {
    const bench = opaque(body);
    const subject = await bench.subject();
    const token = await bench.engine.exchange(request(subject));
    expect(token).toMatchObject({ accessToken: 'not.a.jwt', scopes, expiresAt: noon + 300 });
  });

  it(verifies('tb:narrow-only', 'is refused when the response names a scope above the ceiling'), async () => {
    const bench = opaque({ scope: 'api:expenses.read api:expenses.approve' });
    const subject = await bench.subject();
    await expect(bench.engine.exchange(request(subject))).rejects.toMatchObject({ reason: 'answer_scope' });
  });

  it(verifies('tb:cache-ttl', 'of unknown life is used for a minute and not kept (P01)'), async () => {
    const bench = opaque({ expires_in: undefined });
    const subject = await bench.subject();
    expect((await bench.engine.exchange(request(subject))).expiresAt).toBe(noon + 60);
    expect((await bench.engine.exchange(request(subject))).source).toBe('exchange');
  });
});

describe('all consented scopes of a provider that always sends them all', () => {
  const tenant = '11111111-2222-3333-4444-555555555555';
  const target: Target = {
    ...expenses,
    audience: 'api://expenses',
    answerAudience: '99999999-aaaa-bbbb-cccc-dddddddddddd',
  };
  const user = { oid: 'alice-oid', tid: tenant, azp: 'app', uti: 'u', ver: '2.0', client_id: undefined };
  /** The issuer has the tenant in its path, as Entra's has. */
  const rules = [
    {
      clients: ['mcp-server'],
      target: 'expenses-api',
      tenants: ['acme'],
      scopes: ['api:expenses.read', 'api:expenses.write'],
    },
  ];

  it.each([
    ['are accepted within the ceiling', 'api:expenses.read api:expenses.write', undefined],
    ['are refused above it', 'api:expenses.read api:expenses.approve', 'answer_scope'],
  ])(verifies(['tb:narrow-only', 'tb:upstream-entra'], '%s'), async (_what, scp, reason) => {
    const bench = createBench({
      profile: entra,
      targets: { 'expenses-api': target },
      policy: { version: '1', rules },
      acme: `https://login.example/${tenant}/v2.0`,
    });
    bench.acme.answerWith(async () => ({
      access_token: await bench.acme.issuer.mint(
        { ...user, sub: 'pairwise-at-expenses', aud: target.answerAudience, scp, scope: undefined },
        { header: { typ: 'JWT' } },
      ),
      token_type: 'Bearer',
      expires_in: 3600,
    }));
    const subject = await bench.subject(
      { ...user, sub: 'pairwise-at-mcp', scp: 'mcp:tools:execute', scope: undefined },
      undefined,
      { header: { typ: 'JWT' } },
    );
    const exchange = bench.engine.exchange(request(subject));
    if (reason === undefined) {
      expect((await exchange).scopes).toEqual(['api:expenses.read', 'api:expenses.write']);
    } else {
      await expect(exchange).rejects.toMatchObject({ code: 'bad_gateway', reason });
    }
  });
});

function chain(length: number): { sub: string; act?: unknown } {
  return { sub: `agent-${length}`, ...(length > 1 ? { act: chain(length - 1) } : {}) };
}
