import { subjectKey, subjectKeys } from '@mcp-obo/grant';
import { auth0, entra, type IdpProfile, keycloak } from '@mcp-obo/idp-profile';
import { createMemoryRevocations, type Revocation, revocationEntry } from '@mcp-obo/revocation';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { acme, type BenchOptions, createBench, expenses, noon, request, resource } from '../test/setup.ts';
import type { EvictedToken, ObtainedToken } from './contract.ts';
import { noCache } from './no-cache.ts';

/** An engine whose list of revocations is at hand. */
function createRevocableBench(options: Pick<BenchOptions, 'cache' | 'profile' | 'targets'> = {}) {
  const list = createMemoryRevocations({ now: () => noon * 1000 });
  let fresh = true;
  const obtained: ObtainedToken[] = [];
  const bench = createBench({
    ...options,
    revocations: { ...list, isFresh: () => fresh },
    onObtained: (token) => void obtained.push(token),
  });
  return {
    ...bench,
    obtained,
    revoke: (kind: Revocation['kind'], id: string) =>
      list.revoke([
        revocationEntry({ kind, issuer: acme, id }, { now: noon * 1000, longestLife: 3_600_000 }),
      ]),
    freshness: (is: boolean) => {
      fresh = is;
    },
    /** The source of the token, or the reason why there is none. */
    outcome: (one: ReturnType<typeof request>) =>
      bench.engine.exchange(one).then(
        ({ source }) => source as string,
        ({ code, reason, params }) => `${code} ${reason} ${params.suberror}`,
      ),
  };
}

const refused = 'invalid_token subject_revoked subject_refused';
const alice = { sub: 'alice', jti: 'token-1', sid: 'session-1', client_id: 'inspector' };

describe('an exchange of what is revoked', () => {
  it.each<readonly [Revocation['kind'], string]>([
    ['token', 'token-1'],
    ['session', 'session-1'],
    ['user', 'alice'],
    ['client', 'inspector'],
  ])(verifies('tb:revocation', 'gives no token that is kept when the %s is'), async (kind, id) => {
    const { subject, outcome, revoke, acme: idp } = createRevocableBench();
    const one = request(await subject(alice));
    expect([await outcome(one), await outcome(one)]).toEqual(['exchange', 'cache']);
    await revoke(kind, id);
    expect(await outcome(one)).toBe(refused);
    expect(await outcome({ ...one, scopes: [] })).toBe(refused);
    expect(idp.requests).toHaveLength(1);
  });

  it(
    verifies('tb:revocation', 'gives none that was under way, neither to who asked nor to who joined'),
    async () => {
      const { subject, outcome, revoke, acme: idp } = createRevocableBench();
      const one = request(await subject(alice));
      const { promise: gate, resolve: open } = Promise.withResolvers<void>();
      const asked = Promise.withResolvers<void>();
      idp.answerWith(async ({ form }) => {
        asked.resolve();
        await gate;
        return {
          access_token: await idp.issuer.mint({
            sub: 'alice',
            aud: form.get('audience'),
            scope: form.get('scope'),
            client_id: 'x',
          }),
          issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
          token_type: 'Bearer',
          expires_in: 300,
        };
      });
      const both = [outcome(one), outcome(one)];
      await asked.promise;
      await revoke('session', 'session-1');
      open();
      expect(await Promise.all(both)).toEqual([refused, refused]);
    },
  );

  it(verifies('tb:revocation', 'gives none for a revoked actor'), async () => {
    const { subject, outcome, revoke } = createRevocableBench();
    const one = request(await subject(alice));
    const agent = await subject({ sub: 'agent', jti: 'token-2' });
    const actor = { grant: agent.grant, token: agent.subjectToken };
    await revoke('token', 'token-2');
    expect(await outcome({ ...one, actor })).toBe(refused);
    expect(await outcome(one)).toBe('exchange');
  });

  it('leaves others alone', async () => {
    const { subject, outcome, revoke } = createRevocableBench();
    const [one, other] = [
      request(await subject(alice)),
      request(await subject({ ...alice, sub: 'bob', jti: 't', sid: 's' })),
    ];
    await revoke('user', 'alice');
    expect([await outcome(one), await outcome(other)]).toEqual([refused, 'exchange']);
  });
});

it(
  verifies('rs:revocation-view', 'serves nothing from memory while revocations may be missing'),
  async () => {
    const { subject, outcome, freshness } = createRevocableBench({ cache: () => noCache });
    const one = request(await subject(alice));
    expect([await outcome(one), await outcome(one)]).toEqual(['exchange', 'cache']);
    freshness(false);
    expect([await outcome(one), await outcome(one)]).toEqual(['exchange', 'exchange']);
    freshness(true);
    expect(await outcome(one)).toBe('cache');
  },
);

it(
  verifies('tb:revocation', 'tells what was obtained with which token, user, session and client'),
  async () => {
    const { subject, outcome, obtained } = createRevocableBench();
    const one = request(await subject(alice));
    await outcome(one);
    await outcome(one);
    expect(obtained).toEqual([
      {
        accessToken: expect.stringMatching(/^eyJ/),
        tokenKey: expect.stringMatching(/^token:/),
        readable: true,
        tags: subjectKeys(one.grant),
        issuer: acme,
        client: 'mcp-server',
        subject: one.grant,
        obtained: {
          issuer: acme,
          client: 'mcp-server',
          registration: resource,
          subjectIssuedAt: one.grant.issuedAt,
        },
        expiresAt: noon + 300,
        endsAt: noon + 300,
      },
    ]);
  },
);

it.each(['jwt', 'opaque'] as const)(
  verifies('tb:revocation', 'tells when a token ends that outlives its subject: %s'),
  async (kind) => {
    const { subject, outcome, obtained } = createRevocableBench({
      targets: { 'expenses-api': { ...expenses, kind } },
    });
    await outcome(request(await subject({ ...alice, exp: noon + 100 })));
    expect(obtained).toMatchObject([{ expiresAt: noon + 100, endsAt: noon + 300 }]);
  },
);

describe.each([
  ['in memory alone', { cache: () => noCache }],
  ['in a shared cache', {}],
])('what is evicted and was kept %s', (_where, options) => {
  const key = (kind: Revocation['kind'], id: string) => subjectKey(kind, acme, id);

  /** Evicts twice at once, and says which tokens were handed over. */
  async function evicted({ engine }: ReturnType<typeof createRevocableBench>, tag: string) {
    const tokens: EvictedToken[] = [];
    const taken = (token: EvictedToken) => void tokens.push(token);
    await Promise.all([engine.evictByTag(tag, taken), engine.evictByTag(tag, taken)]);
    return tokens;
  }

  it(verifies('tb:revocation', 'is handed over once, with whose registration obtained it'), async () => {
    const bench = createRevocableBench(options);
    const one = request(await bench.subject(alice));
    const { accessToken } = await bench.engine.exchange(one);
    expect(await evicted(bench, key('session', 'session-1'))).toEqual([
      {
        accessToken,
        expiresAt: noon + 300,
        issuer: acme,
        client: 'mcp-server',
        registration: resource,
        subjectIssuedAt: one.grant.issuedAt,
      },
    ]);
    expect((await bench.engine.exchange(one)).source).toBe('exchange');
  });

  it(verifies('tb:revocation', 'is handed over only if it was obtained with what was revoked'), async () => {
    const bench = createRevocableBench(options);
    const obtain = async (claims: Readonly<Record<string, unknown>>) =>
      (await bench.engine.exchange(request(await bench.subject(claims)))).accessToken;
    const revoked = await obtain(alice);
    await obtain({ ...alice, jti: 'token-2', sid: 'session-2' });
    await obtain({ ...alice, sub: 'bob', jti: 'token-3', sid: 'session-3' });
    const tokens = await evicted(bench, key('token', 'token-1'));
    expect(tokens.map(({ accessToken }) => accessToken)).toEqual([revoked]);
  });

  it(verifies('tb:revocation', 'goes by its own name too, and leaves others of its user alone'), async () => {
    const bench = createRevocableBench(options);
    const [one, other] = [
      request(await bench.subject(alice)),
      request(await bench.subject({ ...alice, jti: 'token-2' })),
    ];
    const { accessToken } = await bench.engine.exchange(one);
    await bench.engine.exchange(other);
    const tokens = await evicted(bench, bench.obtained[0]?.tokenKey ?? '');
    expect(tokens.map((token) => token.accessToken)).toEqual([accessToken]);
    const again = [await bench.engine.exchange(one), await bench.engine.exchange(other)];
    expect(again.map(({ source }) => source)).toEqual(['exchange', 'cache']);
  });

  it(verifies('tb:revocation', 'is handed over also if no user is in it'), async () => {
    const bench = createRevocableBench(options);
    const scopes = ['api:expenses.totals'];
    const machine = { client: 'mcp-server', target: 'expenses-api', scopes, tenant: 'acme' };
    const { accessToken } = await bench.engine.machine(machine);
    expect(await evicted(bench, key('client', resource))).toMatchObject([
      { accessToken, subjectIssuedAt: noon },
    ]);
  });

  it.each<readonly [string, IdpProfile]>([
    ['Entra ID', entra],
    ['Auth0', auth0],
  ])(verifies('tb:revocation', 'stays here when the issuer cannot revoke it: %s'), async (_name, profile) => {
    const bench = createRevocableBench({
      ...options,
      profile: { ...keycloak, revocation: profile.revocation },
    });
    await bench.engine.exchange(request(await bench.subject(alice)));
    expect(await evicted(bench, key('user', 'alice'))).toEqual([]);
  });

  it('is not handed over when it is a refusal', async () => {
    const bench = createRevocableBench(options);
    bench.acme.answerWith(() => Response.json({ error: 'access_denied' }, { status: 403 }));
    await expect(bench.engine.exchange(request(await bench.subject(alice)))).rejects.toThrow();
    expect(await evicted(bench, key('user', 'alice'))).toEqual([]);
  });
});
