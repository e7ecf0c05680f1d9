import { createGuardedFetch } from '@mcp-obo/metadata';
import { createMemoryRevocations } from '@mcp-obo/revocation';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, createClock, issuerConfig, noon, outcomeOf, resource } from '../test/platform.ts';
import { createValidator, type IssuerConfig, type ValidatorEvent } from './index.ts';

const endpoint = 'https://idp.example/introspect';
const active = {
  active: true,
  iss: 'https://idp.example',
  sub: 'alice',
  aud: resource,
  client_id: 'inspector',
  scope: 'expenses:read',
  iat: noon,
  exp: noon + 300,
};

/** What the endpoint answers: a body with status 200, or a whole response. */
type Answer = object | Response | (() => Promise<Response>);

/** A validator whose issuer is asked, and what it was asked. */
function setUp(
  config: Partial<IssuerConfig['introspection']> = {},
  profile: IssuerConfig['profile'] = 'generic',
) {
  const clock = createClock();
  const idp = createTestIssuer({ issuer: 'https://idp.example', alg: 'ES256', now: clock.now });
  const requests: { url: string; init: RequestInit; form: URLSearchParams }[] = [];
  const events: ValidatorEvent[] = [];
  const list = createMemoryRevocations(clock);
  const state = { answer: active as Answer, fresh: true };
  const validator = createValidator({
    issuers: [
      issuerConfig(idp, {
        profile,
        introspection: { endpoint, clientId: 'mcp server', clientSecret: 's:e/c', ...config },
      }),
    ],
    now: clock.now,
    revocations: { ...list, isFresh: () => state.fresh },
    onEvent: (event) => void events.push(event),
    async fetch(url, init = {}) {
      if (url !== endpoint) return idp.fetch(url, init);
      requests.push({ url, init, form: new URLSearchParams(String(init.body)) });
      const { answer } = state;
      if (typeof answer === 'function') return await answer();
      return answer instanceof Response ? answer.clone() : Response.json(answer);
    },
  });
  return {
    idp,
    clock,
    requests,
    events,
    state,
    validator,
    outcome: (token: string) => outcomeOf(validator, token),
  };
}

describe('an opaque token (RFC 7662)', () => {
  it(verifies('rs:introspection', 'grants what its issuer says, asked with our own credential'), async () => {
    const { validator, requests } = setUp();
    const grant = await validator.validate(bearer('opaque+token/1=='));
    expect(grant).toMatchObject({
      issuer: 'https://idp.example',
      tenant: 'acme',
      subject: 'alice',
      user: { key: 'alice' },
      client: 'inspector',
      scopes: ['expenses:read'],
      tokenId: grant.tokenHash,
      expiresAt: noon + 300,
    });
    expect(grant.claims).not.toHaveProperty('active');
    expect(requests).toHaveLength(1);
    const { init, form } = requests[0] as (typeof requests)[number];
    expect(Object.fromEntries(form)).toEqual({
      token: 'opaque+token/1==',
      token_type_hint: 'access_token',
    });
    const { authorization } = init.headers as Record<string, string>;
    expect(Buffer.from(authorization?.slice(6) ?? '', 'base64').toString()).toBe('mcp+server:s%3Ae%2Fc');
    expect(init.redirect).toBe('error');
  });

  it.each<readonly [string, Answer, string]>([
    ['I05: without active', { ...active, active: undefined }, '401 inactive'],
    ['I05: with active as a string', { ...active, active: 'true' }, '401 inactive'],
    ['with active as a number', { ...active, active: 1 }, '401 inactive'],
    ['with active false', { active: false }, '401 inactive'],
    ['for another audience', { ...active, aud: 'https://other.example' }, '401 audience'],
    ['without audience', { ...active, aud: undefined }, '401 audience'],
    ['without subject', { ...active, sub: undefined }, '401 subject'],
    ['without client', { ...active, client_id: undefined }, '401 client'],
    ['without exp', { ...active, exp: undefined }, '401 time_claim'],
    ['without iat', { ...active, iat: undefined }, '401 time_claim'],
    ['that has expired', { ...active, iat: noon - 600, exp: noon - 300 }, '401 expired'],
    ['of another issuer', { ...active, iss: 'https://other.example' }, '401 issuer'],
    ['of another token type', { ...active, token_type: 'DPoP' }, '401 scheme'],
    ['that is bound to a key', { ...active, cnf: { jkt: 'x' } }, '401 cnf'],
    ['that is an ID token', { ...active, nonce: 'n' }, '401 not_access_token'],
    ['that is no JSON', new Response('<html>'), '503 introspection_unavailable'],
    ['that is a list', new Response('[{"active":true}]'), '503 introspection_unavailable'],
    ['with active twice', new Response('{"active":false,"active":true}'), '503 introspection_unavailable'],
    ['that refuses our credential', new Response('{}', { status: 401 }), '503 introspection_unavailable'],
    ['with status 500', Response.json(active, { status: 500 }), '503 introspection_unavailable'],
    ['with status 201', Response.json(active, { status: 201 }), '503 introspection_unavailable'],
    ['that never comes', () => Promise.reject(new Error('reset')), '503 introspection_unavailable'],
  ])(verifies('rs:introspection', 'is refused with an answer %s'), async (_what, answer, expected) => {
    const { outcome, state } = setUp();
    state.answer = answer;
    expect(await outcome('opaque')).toBe(expected);
  });

  it.each([
    ['a JWT of an unknown issuer', 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2V2aWwifQ.AAAA', '401 issuer'],
    ['three segments that are no JWT', 'a.b.c', '401 malformed'],
    ['other characters', 'opaque€', '401 malformed'],
    ['more than 8 KiB', 'x'.repeat(8193), '401 too_large'],
  ])(verifies('rs:introspection', 'is not %s: the issuer is not asked'), async (_what, token, expected) => {
    const { outcome, requests } = setUp();
    expect(await outcome(token)).toBe(expected);
    expect(requests).toHaveLength(0);
  });

  it(
    verifies('rs:introspection', 'is refused where no issuer is asked, or asked about JWTs alone'),
    async () => {
      expect(await setUp({ tokens: 'jwt' }).outcome('opaque')).toBe('401 malformed');
    },
  );

  it(
    verifies('rs:introspection', 'is asked about once, however many come with it, and again after its time'),
    async () => {
      const { outcome, requests, clock } = setUp({ maxAge: 20 });
      expect(await Promise.all(Array.from({ length: 200 }, () => outcome('opaque')))).toEqual(
        Array(200).fill('alice'),
      );
      clock.advance(19);
      await outcome('opaque');
      expect(requests).toHaveLength(1);
      clock.advance(1);
      await outcome('opaque');
      expect(requests).toHaveLength(2);
    },
  );

  it(verifies('rs:introspection', 'is kept no longer than exp, and an end is noticed'), async () => {
    const { outcome, requests, clock, state } = setUp({ maxAge: 600 });
    expect(await outcome('opaque')).toBe('alice');
    clock.advance(300);
    state.answer = { active: false };
    expect([await outcome('opaque'), await outcome('opaque')]).toEqual(['401 inactive', '401 inactive']);
    expect(requests).toHaveLength(2);
  });

  it(verifies('rs:introspection', 'keeps a grant of its own: two tokens never share one'), async () => {
    const { outcome, state } = setUp();
    expect(await outcome('one')).toBe('alice');
    state.answer = { ...active, sub: 'bob' };
    expect([await outcome('two'), await outcome('one')]).toEqual(['bob', 'alice']);
  });

  it(verifies('rs:introspection', 'is not remembered when the issuer could not be asked'), async () => {
    const { outcome, state, events } = setUp();
    state.answer = new Response('', { status: 503 });
    expect(await outcome('opaque')).toBe('503 introspection_unavailable');
    state.answer = active;
    expect(await outcome('opaque')).toBe('alice');
    const outcomes = events.flatMap((event) => (event.type === 'introspection' ? [event.outcome] : []));
    expect(outcomes).toEqual(['failure', 'active']);
  });

  it(verifies('rs:introspection', 'of a profile with other names is read by those of RFC 7662'), async () => {
    expect(await setUp({}, 'keycloak').outcome('opaque')).toBe('alice');
  });
});

describe('a JWT that its issuer is asked about', () => {
  it(
    verifies('rs:introspection', 'must verify and be active, also when it was verified before'),
    async () => {
      const { idp, outcome, state, requests, clock, validator } = setUp({ tokens: 'jwt' });
      const token = await idp.mint({ aud: resource, sub: 'alice' });
      const grant = await validator.validate(bearer(token));
      expect([await outcome(token), requests.length]).toEqual(['alice', 1]);
      expect(validator.holds(grant)).toBe(false);
      state.answer = { active: false };
      clock.advance(30);
      expect(await outcome(token)).toBe('401 inactive');
      expect(await outcome(`${token.slice(0, -4)}AAAA`)).toBe('401 signature');
      expect(requests).toHaveLength(2);
    },
  );

  it('is not asked about where the issuer is asked about opaque tokens alone', async () => {
    const { idp, outcome, requests } = setUp();
    expect(await outcome(await idp.mint({ aud: resource, sub: 'alice' }))).toBe('alice');
    expect(requests).toHaveLength(0);
  });
});

it.each(['opaque', 'jwt'] as const)(
  verifies('rs:revocation-view', 'while revocations may be missing, the issuer is asked each time (%s)'),
  async (tokens) => {
    const { idp, validator, state, requests } = setUp({ tokens });
    const token = tokens === 'jwt' ? await idp.mint({ aud: resource, sub: 'alice' }) : 'opaque';
    expect(validator.isConfirmed(await validator.validate(bearer(token)))).toBe(false);
    state.fresh = false;
    expect(validator.isConfirmed(await validator.validate(bearer(token)))).toBe(true);
    expect(validator.isConfirmed(await validator.validate(bearer(token)))).toBe(true);
    expect(requests).toHaveLength(3);
    state.answer = { active: false };
    await expect(validator.validate(bearer(token))).rejects.toMatchObject({ reason: 'inactive' });
  },
);

it(
  verifies('md:ssrf', 'an introspection endpoint in a private network is not asked unless it is allowed'),
  async () => {
    const { idp } = setUp();
    const validator = createValidator({
      issuers: [
        issuerConfig(idp, {
          introspection: { endpoint: 'https://169.254.169.254/x', clientId: 'c', clientSecret: 's' },
        }),
      ],
      fetch: createGuardedFetch(),
    });
    await expect(validator.validate(bearer('opaque'))).rejects.toMatchObject({
      reason: 'introspection_unavailable',
      cause: { reason: expect.stringMatching(/^blocked/) },
    });
  },
);

it('two issuers of opaque tokens are refused at start: nothing in a token says whose it is', () => {
  const introspection = { endpoint, clientId: 'c', clientSecret: 's' };
  const issuers = ['https://one.example', 'https://two.example'].map((issuer) => ({
    issuer,
    tenant: issuer,
    profile: 'generic' as const,
    audiences: [resource],
    introspection,
  }));
  expect(() => createValidator({ issuers })).toThrow(/one issuer of opaque tokens/);
});
