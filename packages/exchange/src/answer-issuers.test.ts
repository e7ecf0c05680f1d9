import { entra, generic, type IdpProfile } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { createValidator } from '@mcp-obo/validator';
import { describe, expect, it } from 'vitest';
import { createFakeIdp, type FakeIdp, payloadOf } from '../test/fake-idp.ts';
import { expenses, noon, policy, request, resource, secretOf } from '../test/setup.ts';
import { createAnswerValidator, createExchangeEngine, createMemoryCache, createUpstream } from './index.ts';

const now = () => noon * 1000;
const acmeOnly = { ...policy, rules: policy.rules.map((rule) => ({ ...rule, tenants: ['acme'] })) };
const newer = 'https://idp.example/v2';
const older = 'https://idp.example/v1';
const third = 'https://idp.example/third';

interface Given {
  readonly issuer: string;
  readonly answerIssuers?: readonly string[];
  readonly tenant?: string;
  readonly profile?: IdpProfile;
}

/** An engine over these upstreams; all three identity providers are there, whoever is asked. */
function bench(given: readonly Given[]) {
  const idps = new Map([newer, older, third].map((issuer) => [issuer, createFakeIdp({ issuer, now })]));
  const idp = (issuer: string) => idps.get(issuer) as FakeIdp;
  const fetch = (url: string | URL, init?: RequestInit) =>
    idp([...idps.keys()].find((issuer) => String(url).startsWith(`${issuer}/`)) ?? '').fetch(url, init);
  const upstreams = given.map(({ tenant = 'acme', profile = generic, ...rest }) =>
    createUpstream({
      ...rest,
      tenant,
      profile,
      tokenEndpoint: idp(rest.issuer).tokenEndpoint,
      jwksUri: `${rest.issuer}/jwks`,
      credentials: secretOf,
      fetch,
      now,
      random: () => crypto.randomUUID(),
    }),
  );
  const targets = { 'expenses-api': expenses };
  const engine = createExchangeEngine({
    targets,
    upstreams,
    policy: acmeOnly,
    cache: createMemoryCache({ now }),
    answers: createAnswerValidator({ upstreams, targets, fetch, now }),
    now,
  });
  const subjects = createValidator({
    issuers: [...idps.keys()].map((issuer) => ({
      issuer,
      tenant: 'acme',
      profile: generic,
      audiences: [resource],
      jwksUri: `${issuer}/jwks`,
    })),
    fetch,
    now,
  });
  return {
    idp,
    /** The issuer of the token that a user of this issuer gets. */
    exchange: async (issuer: string) => {
      const subjectToken = await idp(issuer).issuer.mint({
        sub: 'user-alice',
        aud: resource,
        scope: 'expenses:read',
        client_id: 'client-1',
      });
      const grant = await subjects.validate({
        scheme: 'Bearer',
        token: subjectToken,
        method: 'POST',
        url: '',
      });
      const { accessToken } = await engine.exchange(request({ grant, subjectToken }));
      return payloadOf(accessToken).iss;
    },
    /** The token endpoint of one answers with a token of another. */
    answer: (asked: string, answering: string) =>
      idp(asked).answerWith(async () => ({
        access_token: await idp(answering).issuer.mint({
          sub: 'user-alice',
          aud: 'api://expenses',
          scope: 'api:expenses.read',
          client_id: resource,
        }),
        token_type: 'Bearer',
        expires_in: 300,
      })),
  };
}

describe('an issuer that has tokens of its own users exchanged and answers for another', () => {
  const both = [
    { issuer: newer, answerIssuers: [older] },
    { issuer: older, answerIssuers: [newer] },
    { issuer: third },
  ];

  it('is asked for its own users, and the other for those of the other', async () => {
    const { exchange, idp } = bench(both);
    expect(await exchange(newer)).toBe(newer);
    expect(await exchange(older)).toBe(older);
    expect([newer, older, third].map((issuer) => idp(issuer).requests.length)).toEqual([1, 1, 0]);
  });

  it('may answer for the other', async () => {
    const { exchange, answer } = bench(both);
    answer(newer, older);
    answer(older, newer);
    expect(await exchange(newer)).toBe(older);
    expect(await exchange(older)).toBe(newer);
  });

  it.each([
    ['one that answers for nobody', newer, third],
    ['one that others answer for', third, older],
  ])(
    verifies('tb:narrow-only', 'does not make an answer acceptable where it was not asked: %s'),
    async (_case, asked, answering) => {
      const { exchange, answer } = bench(both);
      answer(asked, answering);
      await expect(exchange(asked)).rejects.toMatchObject({ code: 'bad_gateway', reason: 'answer_issuer' });
    },
  );

  it('without an upstream of its own is exchanged at the only one that it answers for', async () => {
    const { exchange, idp } = bench([{ issuer: newer, answerIssuers: [older] }, { issuer: third }]);
    expect(await exchange(older)).toBe(newer);
    expect(idp(newer).requests).toHaveLength(1);
  });

  it('is exchanged nowhere when it could be at several', async () => {
    const { exchange } = bench([
      { issuer: newer, answerIssuers: [older] },
      { issuer: third, answerIssuers: [older] },
    ]);
    await expect(exchange(older)).rejects.toMatchObject({ code: 'server_error', reason: 'no_upstream' });
  });

  it.each([
    ['tenant', { tenant: 'globex' }],
    ['profile', { profile: entra }],
  ])(verifies('rs:multi-issuer', 'is refused at start beside one of another %s'), (_what, over) => {
    expect(() =>
      bench([
        { issuer: newer, answerIssuers: [older] },
        { issuer: older, ...over },
      ]),
    ).toThrow(`upstreams of different tenants or profiles have answers of "${older}"`);
  });
});
