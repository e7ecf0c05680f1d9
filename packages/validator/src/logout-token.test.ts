import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createClock, issuerConfig, noon } from '../test/platform.ts';
import { wrongHeaders } from '../test/wrong-headers.ts';
import { createLogoutTokenValidator } from './logout-token.ts';

const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const right = {
  aud: 'mcp-client',
  jti: 'logout-1',
  iat: noon,
  exp: noon + 120,
  sub: 'alice',
  sid: 'session-1',
  events,
  // An access token's, which a logout token does not have.
  client_id: undefined,
  scope: undefined,
};

/** A validator of logout tokens, and how it ends for a token with these changes. */
function setUp(profile: 'generic' | 'entra' | 'okta' = 'generic') {
  const clock = createClock();
  const idp = createTestIssuer({ issuer: 'https://idp.example', alg: 'ES256', now: clock.now });
  const { validate } = createLogoutTokenValidator({
    issuers: [issuerConfig(idp, { audiences: ['mcp-client'], profile })],
    now: clock.now,
    fetch: idp.fetch,
  });
  const outcome = (token: string) =>
    validate(token).catch(({ status, reason }) => `${status} ${reason}` as never);
  return {
    idp,
    clock,
    outcome,
    send: async (claims: object = {}, header: Readonly<Record<string, unknown>> = {}) =>
      outcome(await idp.mint({ ...right, ...claims }, { header: { typ: 'logout+jwt', ...header } })),
  };
}

describe('a logout token (OpenID Connect Back-Channel Logout §2.6)', () => {
  it(verifies('tb:revocation', 'says which session of which user has ended'), async () => {
    expect(await setUp().send()).toEqual({
      issuer: 'https://idp.example',
      tokenId: 'logout-1',
      expiresAt: noon + 120,
      session: 'session-1',
      user: { issuer: 'https://idp.example', key: 'alice' },
    });
  });

  it.each([
    ['a session alone', { sub: undefined }, { session: 'session-1' }],
    ['a user alone', { sid: undefined }, { user: { key: 'alice' } }],
    ['an audience in a list', { aud: ['mcp-client'] }, { session: 'session-1' }],
  ])(verifies('tb:revocation', 'may be about %s'), async (_what, claims, expected) => {
    expect(await setUp().send(claims)).toMatchObject(expected);
  });

  it.each(['entra', 'okta'] as const)(
    verifies('rs:user', 'names no user where access tokens of %s name theirs by more than sub'),
    async (profile) => {
      const { send } = setUp(profile);
      expect(await send()).not.toHaveProperty('user');
      expect(await send({ sid: undefined })).toBe('401 logout_subject');
    },
  );

  it.each<readonly [string, object, object, string]>([
    ['no event', { events: undefined }, {}, 'logout_event'],
    ['another event', { events: { 'https://example.com/other': {} } }, {}, 'logout_event'],
    ['an event by inheritance', { events: Object.create(events) }, {}, 'logout_event'],
    ['a nonce', { nonce: 'n' }, {}, 'logout_nonce'],
    ['neither session nor user', { sub: undefined, sid: undefined }, {}, 'logout_subject'],
    ['another audience', { aud: 'other' }, {}, 'audience'],
    ['no audience', { aud: undefined }, {}, 'audience'],
    ['a further audience', { aud: ['mcp-client', 'other'] }, {}, 'audience'],
    ['another issuer', { iss: 'https://evil.example' }, {}, 'issuer'],
    ['no jti', { jti: undefined }, {}, 'token_id'],
    ['no iat', { iat: undefined }, {}, 'time_claim'],
    ['no exp', { exp: undefined }, {}, 'time_claim'],
    ['an end in the past', { exp: noon - 31, iat: noon - 60 }, {}, 'expired'],
    ['a life of an hour', { exp: noon + 3600 }, {}, 'lifetime'],
    ['the typ of a security event', {}, { typ: 'secevent+jwt' }, 'typ'],
    ...wrongHeaders,
  ])(verifies('tb:revocation', 'is refused with %s'), async (_what, claims, header, reason) => {
    expect(await setUp().send(claims, header as Readonly<Record<string, unknown>>)).toBe(`401 ${reason}`);
  });

  it(verifies('tb:revocation', 'is refused with another signature, and when it is no JWS'), async () => {
    const { idp, outcome } = setUp();
    const token = await idp.mint(right, { header: { typ: 'logout+jwt' } });
    const [header, payload] = token.split('.');
    const [, , foreign] = (await idp.mint({ ...right, sub: 'bob' }, { header: { typ: 'logout+jwt' } })).split(
      '.',
    );
    expect(await outcome(`${header}.${payload}.${foreign}`)).toBe('401 signature');
    expect(await outcome('logout')).toBe('401 malformed');
    expect(await outcome('x'.repeat(9000))).toBe('401 too_large');
  });

  it('is 503 when the keys of the issuer cannot be had', async () => {
    const { idp, send } = setUp();
    idp.faults.set('error', '/jwks');
    expect(await send()).toBe('503 keys_unavailable');
  });
});
