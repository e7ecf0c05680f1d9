import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { issuerConfig, noon, outcomeOf } from '../test/platform.ts';
import { alice, caep, issuer, risc, setUp, stream } from '../test/transmitter.ts';
import { wrongHeaders } from '../test/wrong-headers.ts';
import { createLogoutTokenValidator } from './logout-token.ts';
import { createValidator } from './validator.ts';

describe('a security event token (RFC 8417 §2)', () => {
  it(verifies('tb:revocation', 'says what has happened to whom'), async () => {
    expect(await setUp().send()).toEqual({
      issuer,
      transmitter: issuer,
      tokenId: 'event-1',
      issuedAt: noon,
      events: [{ name: 'session-revoked', ends: [{ kind: 'session', issuer, id: 'session-1' }] }],
    });
  });

  it.each<readonly [string, object, object, string]>([
    ['no events', { events: undefined }, {}, 'events'],
    ['an empty list of events', { events: {} }, {}, 'events'],
    ['events that are a list', { events: [{}] }, {}, 'events'],
    ['an event that is no object', { events: { [`${caep}session-revoked`]: 'now' } }, {}, 'events'],
    ['a subject of its own', { sub: 'alice' }, {}, 'event_claims'],
    ['an end', { exp: noon + 60 }, {}, 'event_claims'],
    ['no jti', { jti: undefined }, {}, 'token_id'],
    ['a jti that is a number', { jti: 1 }, {}, 'token_id'],
    ['no iat', { iat: undefined }, {}, 'time_claim'],
    ['an iat to come', { iat: noon + 31 }, {}, 'issued_in_future'],
    ['an iat of another week', { iat: noon - 7 * 86_400 - 1 }, {}, 'event_age'],
    ['a toe that is a text', { toe: 'noon' }, {}, 'time_claim'],
    ['another audience', { aud: 'other' }, {}, 'audience'],
    ['no audience', { aud: undefined }, {}, 'audience'],
    ['a further audience', { aud: [stream, 'other'] }, {}, 'audience'],
    ['another issuer', { iss: 'https://evil.example' }, {}, 'issuer'],
    ['the typ of a logout token', {}, { typ: 'logout+jwt' }, 'typ'],
    ...wrongHeaders,
  ])(verifies('tb:revocation', 'is refused with %s'), async (_what, claims, changes, reason) => {
    expect(await setUp().send(claims, changes as Readonly<Record<string, unknown>>)).toBe(`401 ${reason}`);
  });

  it(verifies('tb:revocation', 'is refused with another signature, and when it is no JWS'), async () => {
    const { mint, outcome } = setUp();
    const [head, payload] = (await mint()).split('.');
    const [, , foreign] = (await mint({ jti: 'event-2' })).split('.');
    expect(await outcome(`${head}.${payload}.${foreign}`)).toBe('401 signature');
    expect(await outcome('event')).toBe('401 malformed');
    expect(await outcome('x'.repeat(9000))).toBe('401 too_large');
  });

  it('is 503 when the keys of the transmitter cannot be had', async () => {
    const { idp, send } = setUp();
    idp.faults.set('error', '/jwks');
    expect(await send()).toBe('503 keys_unavailable');
  });

  it(
    verifies(['tb:revocation', 'rs:typ'], 'is no access token and no logout token, and they are none'),
    async () => {
      const { idp, clock, mint, outcome } = setUp();
      const options = { now: clock.now, fetch: idp.fetch };
      const issuers = [
        issuerConfig(idp, { audiences: [stream], typ: ['', 'jwt', 'at+jwt', 'secevent+jwt'] }),
      ];
      const access = createValidator({ issuers, ...options });
      const logout = createLogoutTokenValidator({ issuers, ...options });
      const whole = { exp: noon + 60, sub: 'alice', client_id: 'app', sid: 'session-1' };
      for (const typ of ['secevent+jwt', 'at+jwt', undefined])
        expect(await outcomeOf(access, await mint(whole, { typ }))).toBe('401 not_access_token');
      await expect(logout.validate(await mint(whole))).rejects.toMatchObject({ reason: 'typ' });
      expect(await outcome(await idp.mint({ aud: stream }))).toBe('401 typ');
      const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
      const logoutToken = await mint({ ...whole, events }, { typ: 'logout+jwt' });
      await expect(logout.validate(logoutToken)).resolves.toMatchObject({ session: 'session-1' });
      expect(await outcome(logoutToken)).toBe('401 typ');
    },
  );

  it(
    verifies('rs:multi-issuer', 'of a transmitter with a name of its own is about the issuer it is set for'),
    async () => {
      const { idp, send, ended } = setUp({ issuer: 'https://idp.example/default', transmitter: issuer });
      expect(await send()).toMatchObject({ issuer: 'https://idp.example/default', transmitter: issuer });
      const named = { ...alice, iss: 'https://idp.example/default' };
      const events = { [`${risc}account-disabled`]: {} };
      for (const sub_id of [alice, named])
        expect(await ended({ events, sub_id })).toMatchObject([
          { issuer: 'https://idp.example/default', id: 'alice' },
        ]);
      expect(idp.issuer).toBe(issuer);
    },
  );
});
