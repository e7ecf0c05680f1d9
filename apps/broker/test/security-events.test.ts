import { createRecordingMeter } from '@mcp-obo/testbed/recording-meter';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { caep, eventToken, risc, stream } from './event-token.ts';
import type { FakeIdp } from './fake-idp.ts';
import { type FixtureOptions, noon } from './fixture.ts';
import { createLoggedIn, ended } from './logged-in.ts';
import { brokerSettings } from './settings.ts';

const issuers = ['acme', 'globex'].map((tenant) => `https://idp.example/${tenant}`) as [string, string];
const secret = 'what-acme-shows';

/** A broker to which both identity providers push, of which one must show a token. */
async function setUp(options: FixtureOptions = {}, acmeEvents: object = {}) {
  const settings = await brokerSettings(...issuers);
  const [acmeIssuer, globexIssuer] = settings.issuers as [object, object];
  const issuersWithEvents = [
    {
      ...acmeIssuer,
      security_events: { audiences: [stream], push: { token: { value: secret } }, ...acmeEvents },
    },
    { ...globexIssuer, security_events: { audiences: [stream], push: {} } },
  ];
  const fixture = await createLoggedIn({
    ...options,
    config: { issuers: issuersWithEvents, ...options.config },
  });
  const { acme, app } = fixture;
  const push = async (token: string, headers: Readonly<Record<string, string | undefined>> = {}) => {
    const sent = {
      'content-type': 'application/secevent+jwt',
      authorization: `Bearer ${secret}`,
      ...headers,
    };
    const present = Object.entries(sent).filter(
      (header): header is [string, string] => header[1] !== undefined,
    );
    return app.inject({
      method: 'POST',
      url: '/security-events',
      headers: Object.fromEntries(present),
      payload: token,
    });
  };
  return {
    ...fixture,
    push,
    /** The status of a pushed event and its error code, if there is one. */
    pushed: async (
      claims: object = {},
      idp: FakeIdp = acme,
      headers: Readonly<Record<string, string>> = {},
    ) => {
      const answer = await push(await eventToken(idp, claims), headers);
      return [answer.statusCode, answer.body === '' ? '' : answer.json().err];
    },
  };
}

const disabled = { [`${risc}account-disabled`]: {} };

describe('a security event that is pushed (RFC 8935)', () => {
  it(
    verifies('tb:revocation', 'ends the tokens of the session, and what was obtained with them'),
    async () => {
      const { pushed, exchanged, alice, aliceElsewhere, bob, lastRecord, acme } = await setUp();
      for (const token of [alice, aliceElsewhere, bob]) expect(await exchanged(token)).toBe('issued');
      expect(await pushed({ jti: 'event-of-session-1' })).toEqual([202, '']);
      expect(lastRecord()).toMatchObject({
        type: 'revocation',
        decision: 'allow',
        reason: 'security_event',
        issuer: acme.issuer,
        session: 'session-1',
        token_id: 'event-of-session-1',
      });
      expect(await exchanged(alice)).toBe(ended);
      expect([await exchanged(aliceElsewhere), await exchanged(bob)]).toEqual(['issued', 'issued']);
    },
  );

  it(verifies('tb:revocation', 'about an account ends all of its sessions'), async () => {
    const { pushed, exchanged, alice, aliceElsewhere, bob, lastRecord } = await setUp();
    expect(await pushed({ events: disabled })).toEqual([202, '']);
    expect(lastRecord()).toMatchObject({ reason: 'security_event', user: { key: 'user-alice' } });
    expect([await exchanged(alice), await exchanged(aliceElsewhere)]).toEqual([ended, ended]);
    expect(await exchanged(bob)).toBe('issued');
  });

  it(verifies('tb:revocation', 'that comes late leaves a later login alone'), async () => {
    const { pushed, exchanged, subject, alice, time } = await setUp();
    time.now = noon + 120;
    const later = await subject({ sid: 'session-4', iat: noon + 60 });
    const events = { [`${caep}credential-change`]: { change_type: 'update', event_timestamp: noon + 30 } };
    expect(await pushed({ events, iat: noon + 120 })).toEqual([202, '']);
    expect([await exchanged(alice), await exchanged(later)]).toEqual([ended, 'issued']);
  });

  it(verifies('tb:revocation', 'that comes twice is acknowledged twice and acted on once'), async () => {
    const { push, acme, audit } = await setUp();
    const token = await eventToken(acme, { events: disabled });
    expect((await push(token)).statusCode).toBe(202);
    const before = audit.length;
    expect((await push(token)).statusCode).toBe(202);
    expect(audit).toHaveLength(before);
  });

  it(verifies(['tb:revocation', 'rs:multi-issuer'], 'of one issuer ends nothing at another'), async () => {
    const { pushed, exchanged, alice, globex } = await setUp();
    expect(
      await pushed(
        { sub_id: { format: 'iss_sub', iss: globex.issuer, sub: 'user-alice' }, events: disabled },
        globex,
      ),
    ).toEqual([202, '']);
    expect(await pushed({ events: disabled }, globex)).toEqual([400, 'invalid_request']);
    expect(await exchanged(alice)).toBe('issued');
  });

  it.each<readonly [string, object]>([
    ['of another kind', { 'https://example.com/other': {} }],
    ['of a further credential', { [`${caep}credential-change`]: { change_type: 'create' } }],
    [
      'that asks whether we are there',
      { 'https://schemas.openid.net/secevent/ssf/event-type/verification': { state: 'x' } },
    ],
  ])(verifies('tb:revocation', '%s is acknowledged and ends nothing'), async (_what, events) => {
    const { pushed, exchanged, alice } = await setUp();
    expect(
      await pushed({
        events,
        ...('https://example.com/other' in events && { sub_id: { format: 'opaque', id: 'stream' } }),
      }),
    ).toEqual([202, '']);
    expect(await exchanged(alice)).toBe('issued');
  });

  it.each<readonly [string, object, string, string]>([
    ['another audience', { aud: 'other' }, 'invalid_audience', 'audience'],
    ['another issuer', { iss: 'https://evil.example' }, 'invalid_issuer', 'issuer'],
    [
      'a subject that names nobody',
      { sub_id: { format: 'email', email: 'a@b.example' } },
      'invalid_request',
      'event_subject',
    ],
    ['a sub', { sub: 'user-alice' }, 'invalid_request', 'event_claims'],
    ['no events', { events: {} }, 'invalid_request', 'events'],
    ['no jti', { jti: undefined }, 'invalid_request', 'token_id'],
    ['a time to come', { iat: noon + 60 }, 'invalid_request', 'issued_in_future'],
  ])(verifies('tb:revocation', 'is refused with %s (§2.4)'), async (_what, claims, err, reason) => {
    const { pushed, exchanged, alice, lastRecord } = await setUp();
    expect(await pushed(claims)).toEqual([400, err]);
    expect(lastRecord()).toMatchObject({ type: 'revocation', decision: 'refuse', reason });
    expect(await exchanged(alice)).toBe('issued');
  });

  it.each<readonly [string, Readonly<Record<string, unknown>>, string]>([
    ['an unknown key', { kid: 'other' }, 'invalid_key'],
    ['an algorithm that is none', { alg: 'none' }, 'invalid_key'],
    ['the typ of an access token', { typ: 'at+jwt' }, 'invalid_request'],
    ['the typ of a logout token', { typ: 'logout+jwt' }, 'invalid_request'],
  ])(verifies('tb:revocation', 'is refused with %s'), async (_what, header, err) => {
    const { push, acme, exchanged, alice } = await setUp();
    const answer = await push(await eventToken(acme, {}, header));
    expect([answer.statusCode, answer.json().err]).toEqual([400, err]);
    expect(answer.headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/json/),
      'content-language': 'en',
      'cache-control': 'no-store',
    });
    expect(answer.json().description).not.toContain('user-alice');
    expect(await exchanged(alice)).toBe('issued');
  });

  it(
    verifies('tb:revocation', 'is refused with the signature of another, and as an access token'),
    async () => {
      const { push, acme, alice } = await setUp();
      const [head, payload] = (await eventToken(acme)).split('.');
      const [, , foreign] = (await eventToken(acme)).split('.');
      const forged = await push(`${head}.${payload}.${foreign}`);
      expect([forged.statusCode, forged.json().err]).toEqual([400, 'authentication_failed']);
      expect((await push(alice)).json().err).toBe('invalid_request');
    },
  );

  it.each<readonly [string, Readonly<Record<string, string | undefined>>]>([
    ['nothing', { authorization: undefined }],
    ['another token', { authorization: 'Bearer other' }],
    ['the token by another scheme', { authorization: `Basic ${secret}` }],
  ])(verifies('tb:revocation', 'is refused by who shows %s'), async (_what, headers) => {
    const { push, acme, exchanged, alice, lastRecord } = await setUp();
    const answer = await push(await eventToken(acme), headers);
    expect([answer.statusCode, answer.json().err]).toEqual([400, 'access_denied']);
    expect(lastRecord()).toMatchObject({ decision: 'refuse', reason: 'event_delivery' });
    expect(await exchanged(alice)).toBe('issued');
  });

  it.each<readonly [string, object, string]>([
    [
      'no transmitter that pushes',
      { poll: { endpoint: 'https://idp.example/poll', token: { value: 'x' } }, push: undefined },
      'access_denied',
    ],
    ['none that shows what is shown', {}, 'authentication_failed'],
  ])(verifies('tb:revocation', 'is refused where there is %s'), async (_what, acmeEvents, err) => {
    const settings = await brokerSettings(...issuers);
    const [acmeIssuer, globexIssuer] = settings.issuers as [object, object];
    const security_events = { audiences: [stream], push: { token: { value: secret } }, ...acmeEvents };
    const pushes = { audiences: [stream], push: {} };
    const globexToo = err === 'access_denied' ? { ...globexIssuer, security_events: pushes } : globexIssuer;
    const { push, acme } = await setUp({
      config: { issuers: [{ ...acmeIssuer, security_events }, globexToo] },
    });
    const answer = await push(await eventToken(acme), { authorization: 'Bearer other' });
    expect([answer.statusCode, answer.json().err]).toEqual([400, err]);
  });

  it(
    verifies(
      'tb:revocation',
      'is no event in a form, in JSON, too large, without a body, or by another method',
    ),
    async () => {
      const { push, acme, app } = await setUp();
      const token = await eventToken(acme);
      for (const type of [
        'application/x-www-form-urlencoded',
        'application/json',
        'application/jwt',
        undefined,
      ])
        expect((await push(token, { 'content-type': type })).json().err).toBe('invalid_request');
      for (const body of ['', 'x'.repeat(9000), 'x'.repeat(70_000)]) {
        const answer = await push(body);
        expect([answer.statusCode, answer.json().err]).toEqual([400, 'invalid_request']);
      }
      const got = await app.inject({ method: 'GET', url: '/security-events' });
      expect([got.statusCode, got.headers.allow]).toEqual([405, 'POST']);
    },
  );

  it(
    verifies('tb:revocation', 'comes again when it could not be acted on, and is acted on then'),
    async () => {
      let full = false;
      const onAudit = () => {
        if (full) throw new Error('The disk is full.');
      };
      const { push, acme, exchanged, alice, time } = await setUp({ onAudit });
      const token = await eventToken(acme, { events: disabled });
      acme.faults.set('error', '/jwks');
      const keyless = await push(token);
      expect([keyless.statusCode, keyless.headers['retry-after']]).toEqual([503, expect.any(String)]);
      acme.faults.set(undefined, '/jwks');
      time.now += 10;
      expect(await exchanged(alice)).toBe('issued');
      full = true;
      expect((await push(token)).statusCode).toBe(500);
      full = false;
      expect((await push(token)).statusCode).toBe(202);
      expect(await exchanged(alice)).toBe(ended);
    },
  );

  it(verifies('op:secrets', 'is taken by a token that was changed while the broker runs'), async () => {
    const { push, acme, reload } = await setUp();
    const settings = await brokerSettings(...issuers);
    const [acmeIssuer] = settings.issuers as [object];
    const security_events = {
      audiences: [stream],
      push: { token: [{ value: 'the-next' }, { value: 'the-one-after' }] },
    };
    reload({ issuers: [{ ...acmeIssuer, security_events }, ...(settings.issuers as object[]).slice(1)] });
    const status = async (shown: string) =>
      (await push(await eventToken(acme), { authorization: `Bearer ${shown}` })).statusCode;
    expect([await status(secret), await status('the-next')]).toEqual([400, 202]);
  });

  it(
    verifies('op:metrics', 'is counted by issuer, event and what became of it, and never by whose it is'),
    async () => {
      const { meter, points } = createRecordingMeter();
      const { push, pushed, acme } = await setUp({ meter });
      const token = await eventToken(acme, { events: { ...disabled, 'https://example.com/other': {} } });
      await push(token);
      await push(token);
      await pushed({ aud: 'other' });
      const counted = points
        .filter(({ name }) => name === 'mcp_security_event_total')
        .map(({ labels }) => labels);
      const { issuer } = acme;
      expect(counted).toEqual([
        { issuer, event: 'account-disabled', outcome: 'acted' },
        { issuer, event: 'other', outcome: 'ignored' },
        { issuer, event: 'account-disabled', outcome: 'repeated' },
        { issuer, event: 'other', outcome: 'repeated' },
        { issuer: 'unknown', event: 'unknown', outcome: 'refused' },
      ]);
    },
  );

  it(verifies('tb:no-store', 'is in no log and no audit, nor what its transmitter shows'), async () => {
    const { push, acme, log, audit } = await setUp();
    const token = await eventToken(acme);
    await push(token);
    await push(`${token}x`);
    await push(await eventToken(acme, { aud: 'other' }));
    const said = [...log, ...audit].join('\n');
    for (const hidden of [token, token.split('.')[2] ?? '', secret]) expect(said).not.toContain(hidden);
  });
});
