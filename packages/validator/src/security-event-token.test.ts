import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createClock, issuerConfig, noon, outcomeOf } from '../test/platform.ts';
import { wrongHeaders } from '../test/wrong-headers.ts';
import { createLogoutTokenValidator } from './logout-token.ts';
import { createSecurityEventValidator, type SecurityEventIssuer } from './security-event-token.ts';
import { createValidator } from './validator.ts';

const issuer = 'https://idp.example';
const stream = 'https://broker.example';
const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
const alice = { format: 'iss_sub', iss: issuer, sub: 'alice' };
const session = { format: 'opaque', id: 'session-1' };
const aliceInSession = { format: 'complex', user: alice, session };
const right = {
  aud: stream,
  jti: 'event-1',
  iat: noon,
  sub_id: aliceInSession,
  events: { [`${caep}session-revoked`]: { event_timestamp: noon - 60 } },
  // An access token's, which a security event does not have.
  exp: undefined,
  sub: undefined,
  client_id: undefined,
  scope: undefined,
};
const header = { typ: 'secevent+jwt' };

/** A validator of security events, and how it ends for a token with these changes. */
function setUp(config: Partial<SecurityEventIssuer> = {}) {
  const clock = createClock();
  const idp = createTestIssuer({ issuer, alg: 'ES256', now: clock.now });
  const issuers = [{ ...issuerConfig(idp), audiences: [stream], ...config }];
  const { validate } = createSecurityEventValidator({ issuers, now: clock.now, fetch: idp.fetch });
  const outcome = (token: string) =>
    validate(token).catch(({ status, reason }) => `${status} ${reason}` as never);
  const mint = (claims: object = {}, changes: Readonly<Record<string, unknown>> = {}) =>
    idp.mint({ ...right, ...claims }, { header: { ...header, ...changes } });
  const send = async (claims: object = {}, changes: Readonly<Record<string, unknown>> = {}) =>
    outcome(await mint(claims, changes));
  return {
    idp,
    clock,
    outcome,
    mint,
    send,
    /** What the events of a token end. */
    ended: async (claims: object) => (await send(claims)).events.flatMap(({ ends }) => ends),
    /** What one event about somebody ends, or why it is refused. */
    endedBy: async (type: string, event: object, sub_id: unknown = alice) => {
      const answer = await send({ sub_id, events: { [type]: event } });
      return typeof answer === 'string' ? answer : answer.events.flatMap(({ ends }) => ends);
    },
  };
}

const before = (noon - 60) * 1000;
const atAlice = { kind: 'user', issuer, id: 'alice', at: noon * 1000 };

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

describe('a security event', () => {
  it.each<readonly [string, string, object, unknown, object[]]>([
    [
      'of a session ends it for good',
      `${caep}session-revoked`,
      {},
      aliceInSession,
      [{ kind: 'session', id: 'session-1' }],
    ],
    ['of all sessions ends what the user opened before', `${caep}session-revoked`, {}, alice, [atAlice]],
    [
      'about an opaque name ends what has it',
      `${caep}session-revoked`,
      {},
      session,
      [
        { kind: 'session', id: 'session-1' },
        { kind: 'user', id: 'session-1', at: noon * 1000 },
      ],
    ],
    [
      'of changed claims ends the tokens with the old ones',
      `${caep}token-claims-change`,
      { claims: { role: 'x' } },
      aliceInSession,
      [{ kind: 'session', id: 'session-1', at: noon * 1000 }],
    ],
    [
      'of a weaker login ends its tokens',
      `${caep}assurance-level-change`,
      { change_direction: 'decrease' },
      alice,
      [atAlice],
    ],
    ['of a login that may be weaker ends its tokens', `${caep}assurance-level-change`, {}, alice, [atAlice]],
    [
      'of a stronger login ends nothing',
      `${caep}assurance-level-change`,
      { change_direction: 'increase' },
      alice,
      [],
    ],
    [
      'of a new password ends what the user opened before',
      `${caep}credential-change`,
      { change_type: 'update' },
      aliceInSession,
      [atAlice],
    ],
    [
      'of a revoked credential ends what the user opened before',
      `${caep}credential-change`,
      { change_type: 'revoke' },
      alice,
      [atAlice],
    ],
    [
      'of a deleted credential ends what the user opened before',
      `${caep}credential-change`,
      { change_type: 'delete' },
      alice,
      [atAlice],
    ],
    [
      'of a further credential ends nothing',
      `${caep}credential-change`,
      { change_type: 'create' },
      alice,
      [],
    ],
    [
      'of a change that is unknown ends what the user opened before',
      `${caep}credential-change`,
      { change_type: 'x' },
      alice,
      [atAlice],
    ],
    ['of a disabled account ends all', `${risc}account-disabled`, { reason: 'hijacking' }, alice, [atAlice]],
    ['of a purged account ends all', `${risc}account-purged`, {}, alice, [atAlice]],
    [
      'of a credential that must be changed ends all',
      `${risc}account-credential-change-required`,
      {},
      alice,
      [atAlice],
    ],
    ['of all sessions, as RISC has it, ends all', `${risc}sessions-revoked`, {}, alice, [atAlice]],
    ['of another name ends nothing', `${risc}identifier-changed`, { 'new-value': 'a@b.example' }, alice, []],
    [
      'that nobody knows ends nothing, whoever it is about',
      'https://example.com/other',
      {},
      { format: 'x' },
      [],
    ],
    ['by the name of what all objects have ends nothing', 'constructor', {}, alice, []],
  ])(verifies('tb:revocation', '%s'), async (_what, type, event, subject, expected) => {
    const ended = await setUp().endedBy(type, event, subject);
    expect(ended).toEqual(expected.map((one) => ({ issuer, ...one })));
  });

  it.each<readonly [string, object, number]>([
    [
      'by its own time',
      { toe: noon - 30, events: { [`${risc}account-disabled`]: { event_timestamp: noon - 60 } } },
      before,
    ],
    ['else by the token’s', { toe: noon - 30, events: { [`${risc}account-disabled`]: {} } }, before + 30_000],
    [
      'else by when the token was made',
      { iat: noon - 10, events: { [`${risc}account-disabled`]: {} } },
      before + 50_000,
    ],
  ])(verifies('tb:revocation', 'ends what came before it: %s'), async (_what, claims, at) => {
    expect(await setUp().ended({ sub_id: alice, ...claims })).toEqual([{ ...atAlice, at }]);
  });

  it(verifies('tb:revocation', 'may stand beside others in one token'), async () => {
    const events = { 'https://example.com/other': {}, [`${risc}account-disabled`]: {} };
    expect((await setUp().send({ events, sub_id: alice })).events).toEqual([
      { name: 'other', ends: [] },
      { name: 'account-disabled', ends: [atAlice] },
    ]);
  });

  it.each<readonly [string, object, unknown, string]>([
    ['no subject', {}, null, 'event_subject'],
    ['a subject that is a text', {}, 'alice', 'event_subject'],
    ['no format', {}, { iss: issuer, sub: 'alice' }, 'event_subject'],
    ['a user of another issuer', {}, { ...alice, iss: 'https://evil.example' }, 'event_subject'],
    ['a user without a name', {}, { ...alice, sub: '' }, 'event_subject'],
    ['an address', {}, { format: 'email', email: 'alice@acme.example' }, 'event_subject'],
    ['a telephone number', {}, { format: 'phone_number', phone_number: '+12065550100' }, 'event_subject'],
    ['a device alone', {}, { format: 'complex', device: session }, 'event_subject'],
    ['a tenant alone', {}, { format: 'complex', tenant: session }, 'event_subject'],
    ['a session alone, where the user matters', {}, { format: 'complex', session }, 'event_subject'],
    ['a session by another format', {}, { format: 'complex', session: alice, user: alice }, 'event_subject'],
    ['a complex subject within another', {}, { format: 'complex', user: aliceInSession }, 'event_subject'],
    ['the name of what all objects have', {}, { format: 'constructor' }, 'event_subject'],
    [
      'aliases that are none of ours',
      {},
      { format: 'aliases', identifiers: [{ format: 'email', email: 'a@b' }] },
      'event_subject',
    ],
    ['a time before all times', { event_timestamp: -1e308 }, alice, 'time_claim'],
    ['a time that is a text', { event_timestamp: '2026-11-21' }, alice, 'time_claim'],
  ])(
    verifies('tb:revocation', 'that ends something is refused with %s'),
    async (_what, event, subject, reason) => {
      expect(await setUp().endedBy(`${risc}account-disabled`, event, subject)).toBe(`401 ${reason}`);
    },
  );

  it('names a user by one of several names', async () => {
    const identifiers = [{ format: 'email', email: 'alice@acme.example' }, alice];
    const ended = await setUp().endedBy(`${risc}account-disabled`, {}, { format: 'aliases', identifiers });
    expect(ended).toEqual([atAlice]);
  });

  it(
    verifies(
      'tb:revocation',
      'of Keycloak about the session ALL ends all sessions of its user, and not of nobody',
    ),
    async () => {
      const { endedBy } = setUp({ profile: 'keycloak' });
      const all = { format: 'opaque', id: 'ALL' };
      const type = `${caep}session-revoked`;
      expect(await endedBy(type, {}, { ...aliceInSession, session: all })).toEqual([atAlice]);
      expect(await endedBy(type, {}, { format: 'complex', session: all })).toBe('401 event_subject');
      expect(await endedBy(type, {}, aliceInSession)).toEqual([{ kind: 'session', issuer, id: 'session-1' }]);
    },
  );

  it.each(['entra', 'okta'] as const)(
    verifies('rs:user', 'of %s about a user is refused: its access tokens name theirs by more than sub'),
    async (profile) => {
      expect(await setUp({ profile }).endedBy(`${risc}account-disabled`, {})).toBe('401 event_subject');
    },
  );

  it('about a credential ends what the policy says', async () => {
    const { endedBy } = setUp({ policy: { credentialChanges: ['create'] } });
    const change = (change_type: string) => endedBy(`${caep}credential-change`, { change_type });
    expect(await change('create')).toEqual([atAlice]);
    expect(await change('update')).toEqual([]);
  });
});
