import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import type { FakeIdp } from './fake-idp.ts';
import { type Form, noon } from './fixture.ts';
import { createLoggedIn, ended } from './logged-in.ts';
import { mcp } from './settings.ts';

const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };

async function setUp() {
  const fixture = await createLoggedIn();
  const { acme, post } = fixture;
  let logouts = 0;
  /** A logout token of an issuer for the registration of the MCP server, with these changes. */
  const logoutToken = (claims: object = {}, idp: FakeIdp = acme, typ = 'logout+jwt') =>
    idp.mint(
      {
        aud: mcp,
        sub: 'user-alice',
        sid: 'session-1',
        jti: `logout-${++logouts}`,
        exp: noon + 120,
        events,
        client_id: undefined,
        scope: undefined,
        ...claims,
      },
      { header: { typ } },
    );
  return {
    ...fixture,
    logoutToken,
    logOut: async (form: Form) => {
      const answer = await post(form, { url: '/backchannel-logout', headers: { authorization: '' } });
      return [answer.statusCode, answer.body === '' ? '' : answer.json().error];
    },
  };
}

describe('a back-channel logout', () => {
  it(
    verifies('tb:revocation', 'ends the tokens of the session, and what was obtained with them'),
    async () => {
      const { logOut, logoutToken, exchanged, alice, aliceElsewhere, bob, lastRecord, acme } = await setUp();
      for (const token of [alice, aliceElsewhere, bob]) expect(await exchanged(token)).toBe('issued');
      expect(await logOut({ logout_token: await logoutToken() })).toEqual([200, '']);
      expect(lastRecord()).toMatchObject({
        type: 'revocation',
        decision: 'allow',
        reason: 'backchannel_logout',
        issuer: acme.issuer,
        session: 'session-1',
        user: { key: 'user-alice' },
      });
      expect(await exchanged(alice)).toBe(ended);
      expect([await exchanged(aliceElsewhere), await exchanged(bob)]).toEqual(['issued', 'issued']);
    },
  );

  it(verifies('tb:revocation', 'without a session ends all sessions of the user'), async () => {
    const { logOut, logoutToken, exchanged, alice, aliceElsewhere, bob } = await setUp();
    expect(await logOut({ logout_token: await logoutToken({ sid: undefined }) })).toEqual([200, '']);
    expect([await exchanged(alice), await exchanged(aliceElsewhere)]).toEqual([ended, ended]);
    expect(await exchanged(bob)).toBe('issued');
  });

  it(verifies('tb:revocation', 'is taken once'), async () => {
    const { logOut, logoutToken, lastRecord } = await setUp();
    const logout_token = await logoutToken();
    expect(await logOut({ logout_token })).toEqual([200, '']);
    expect(await logOut({ logout_token })).toEqual([400, 'invalid_request']);
    expect(lastRecord()).toMatchObject({ type: 'revocation', decision: 'refuse', reason: 'logout_replay' });
  });

  it(verifies(['tb:revocation', 'rs:multi-issuer'], 'of one issuer ends nothing at another'), async () => {
    const { logOut, logoutToken, exchanged, alice, globex } = await setUp();
    expect(await logOut({ logout_token: await logoutToken({}, globex) })).toEqual([200, '']);
    expect(await exchanged(alice)).toBe('issued');
  });

  it.each<readonly [string, object, string]>([
    ['for a client that is not ours', { aud: 'other' }, 'audience'],
    ['without the event', { events: undefined }, 'logout_event'],
    ['with a nonce', { nonce: 'n' }, 'logout_nonce'],
    ['that has expired', { iat: noon - 600, exp: noon - 300 }, 'expired'],
  ])(verifies('tb:revocation', 'is refused with a token %s (§2.8)'), async (_what, claims, reason) => {
    const { logOut, logoutToken, exchanged, alice, lastRecord } = await setUp();
    expect(await logOut({ logout_token: await logoutToken(claims) })).toEqual([400, 'invalid_request']);
    expect(lastRecord()).toMatchObject({ type: 'revocation', decision: 'refuse', reason });
    expect(await exchanged(alice)).toBe('issued');
  });

  it(verifies('tb:revocation', 'is refused with the user’s own access token, and with none'), async () => {
    const { logOut, logoutToken, alice, acme } = await setUp();
    expect(await logOut({ logout_token: alice })).toEqual([400, 'invalid_request']);
    expect(await logOut({ logout_token: await logoutToken({}, acme, 'at+jwt') })).toEqual([
      400,
      'invalid_request',
    ]);
    expect(await logOut({})).toEqual([400, 'invalid_request']);
  });
});
