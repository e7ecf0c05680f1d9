import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { noon } from '../test/platform.ts';
import {
  alice,
  aliceInSession,
  atAlice,
  before,
  caep,
  issuer,
  risc,
  session,
  setUp,
} from '../test/transmitter.ts';

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
