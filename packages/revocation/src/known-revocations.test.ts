import { freezeGrant, type Grant, type SubjectKind, subjectKey } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createKnownRevocations } from './known-revocations.ts';
import { revocationEntry } from './revocation.ts';

const issuer = 'https://idp.example/acme';
const noon = 1_795_262_400_000;
const hour = 3_600_000;

function grantOf(over: Partial<Grant> = {}): Grant {
  return freezeGrant({
    issuer,
    tenant: 'acme',
    profile: 'generic',
    subject: 'user-alice',
    user: { issuer, key: 'user-alice' },
    client: 'inspector',
    tokenId: 'token-1',
    session: 'session-1',
    scopes: [],
    roles: [],
    groups: [],
    groupsOverage: false,
    audience: [],
    issuedAt: noon / 1000,
    expiresAt: noon / 1000 + 300,
    amr: [],
    tokenHash: 'hash-1',
    claims: {},
    ...over,
  });
}

const known = (maxEntries = 100, now = () => noon) => createKnownRevocations({ now, maxEntries });
const endOf = (kind: SubjectKind, id: string, now = noon, at = issuer) =>
  revocationEntry({ kind, issuer: at, id }, { now, longestLife: hour });

describe('what is revoked', () => {
  it.each<readonly [SubjectKind, string]>([
    ['token', 'token-1'],
    ['session', 'session-1'],
    ['user', 'user-alice'],
    ['client', 'inspector'],
  ])(verifies('rs:revoked', 'covers a token by its %s'), (kind, id) => {
    const revocations = known();
    expect(revocations.covers(grantOf())).toBe(false);
    revocations.add(endOf(kind, id));
    expect(revocations.covers(grantOf())).toBe(true);
  });

  it.each<readonly [string, SubjectKind, string, Partial<Grant>]>([
    ['another token of the user', 'token', 'token-1', { tokenId: 'token-2' }],
    ['another session of the user', 'session', 'session-1', { session: 'session-2' }],
    ['a token without a session', 'session', 'session-1', { session: undefined }],
    ['another user', 'user', 'user-alice', { user: { issuer, key: 'user-bob' } }],
    ['a machine of that name', 'user', 'user-alice', { user: undefined }],
    ['another client', 'client', 'inspector', { client: 'nightly-job' }],
    ['a user whose name is that of a token', 'user', 'token-1', {}],
  ])(verifies('rs:revoked', 'leaves alone %s'), (_what, kind, id, over) => {
    const revocations = known();
    revocations.add(endOf(kind, id));
    expect(revocations.covers(grantOf(over))).toBe(false);
  });

  it(verifies('rs:multi-issuer', 'leaves alone what has the same name at another issuer'), () => {
    const revocations = known();
    for (const [kind, id] of [
      ['token', 'token-1'],
      ['session', 'session-1'],
      ['user', 'user-alice'],
      ['client', 'inspector'],
    ] as const)
      revocations.add(endOf(kind, id, noon, 'https://idp.example/globex'));
    expect(revocations.covers(grantOf())).toBe(false);
  });

  it.each<readonly [string, number | undefined, number, boolean]>([
    ['what was issued before it', -600_000, -601, true],
    ['what was issued in the seconds by which clocks differ', -600_000, -598, true],
    ['not what a later login brought', -600_000, -597, false],
    ['nothing to come, when it is to come itself', 600_000, 3, false],
    ['what was issued by now, when it is to come itself', 600_000, 0, true],
  ])(
    verifies('tb:revocation', 'of an event covers %s, however late the news is'),
    (_what, at = 0, iat, covered) => {
      for (const [kind, id] of [
        ['session', 'session-1'],
        ['user', 'user-alice'],
      ] as const) {
        const revocations = known();
        const times = { now: noon, longestLife: hour };
        revocations.add(revocationEntry({ kind, issuer, id, at: noon + at }, times));
        expect(revocations.covers(grantOf({ issuedAt: noon / 1000 + iat }))).toBe(covered);
      }
    },
  );

  it(verifies('rs:revoked', 'covers what was issued before, and not what a later login brings'), () => {
    const revocations = known();
    revocations.add(endOf('user', 'user-alice'));
    const at = (seconds: number) => revocations.covers(grantOf({ issuedAt: noon / 1000 + seconds }));
    expect([-60, 0, 5, 6, 60].map(at)).toEqual([true, true, true, false, false]);
  });

  it.each<readonly [SubjectKind, string]>([
    ['token', 'token-1'],
    ['session', 'session-1'],
    ['client', 'inspector'],
    ['user', 'user-alice'],
  ])(verifies('rs:revoked', 'covers what a broker minted from a token, by that token’s %s'), (kind, id) => {
    const { tokenId, session, client, issuedAt } = grantOf();
    const minted = grantOf({
      issuer: 'https://broker.example/acme',
      tokenId: 'minted',
      session: undefined,
      client: 'mcp-server',
      issuedAt: issuedAt + 60,
      origin: { issuer, tokenId, client, issuedAt, ...(session === undefined ? {} : { session }) },
    });
    const revocations = known();
    expect(revocations.covers(minted)).toBe(false);
    revocations.add(endOf(kind, id));
    expect(revocations.covers(minted)).toBe(true);
  });

  it('is never narrowed by an older entry that comes late', () => {
    const revocations = known();
    expect(revocations.add(endOf('user', 'user-alice', noon + 60_000))).toBe(true);
    expect(revocations.add(endOf('user', 'user-alice', noon))).toBe(false);
    expect(revocations.covers(grantOf({ issuedAt: noon / 1000 + 30 }))).toBe(true);
  });

  it('is forgotten when the last token it covers has expired', () => {
    let time = noon;
    const revocations = known(100, () => time);
    revocations.add(endOf('token', 'token-1'));
    time += hour + 31_000;
    expect(revocations.entries()).toEqual([]);
    expect(revocations.add(endOf('token', 'token-1'))).toBe(false);
  });

  it('is named by nothing that tells who it is', () => {
    const text = JSON.stringify(endOf('user', 'alice@example.com'));
    for (const secret of ['alice', 'example']) expect(text).not.toContain(secret);
    expect(subjectKey('user', 'a', 'bc')).not.toBe(subjectKey('user', 'ab', 'c'));
  });
});

describe('more revocations than are kept one by one', () => {
  it(verifies('rs:revoked', 'end every token that is as old as one that was forgotten'), () => {
    const revocations = known(2);
    revocations.add(endOf('token', 'token-1', noon));
    revocations.add(endOf('token', 'token-2', noon + 60_000));
    revocations.add(endOf('token', 'token-3', noon + 120_000));
    expect(revocations.size()).toBe(2);
    expect(revocations.covers(grantOf())).toBe(true);
    const other = { tokenId: 'token-9', session: undefined };
    expect(revocations.covers(grantOf({ ...other, issuedAt: noon / 1000 + 30 }))).toBe(true);
    expect(revocations.covers(grantOf({ ...other, issuedAt: noon / 1000 + 31 }))).toBe(false);
  });

  it(
    verifies('rs:revoked', 'never let a revoked token through, in whatever order and number they come'),
    () => {
      const small = fc.integer({ min: 1, max: 5 });
      const seconds = fc.integer({ min: 0, max: 100 });
      const kind = fc.constantFrom<SubjectKind>('token', 'session', 'user', 'client');
      const revocation = fc.record({ kind, id: small, at: seconds });
      const token = fc.record({
        token: small,
        session: small,
        user: small,
        client: small,
        issuedAt: seconds,
      });
      fc.assert(
        fc.property(fc.array(revocation, { maxLength: 40 }), token, small, (list, one, maxEntries) => {
          const revocations = known(maxEntries);
          for (const { kind, id, at } of list) revocations.add(endOf(kind, String(id), noon + at * 1000));
          const grant = grantOf({
            tokenId: String(one.token),
            session: String(one.session),
            user: { issuer, key: String(one.user) },
            client: String(one.client),
            issuedAt: noon / 1000 + one.issuedAt,
          });
          const mustEnd = list.some(({ kind, id, at }) => one[kind] === id && one.issuedAt <= at);
          const covered = revocations.covers(grant);
          if (mustEnd) expect(covered).toBe(true);
          else if (list.every(({ kind, id }) => one[kind] !== id) && list.length <= maxEntries)
            expect(covered).toBe(false);
          expect(revocations.size()).toBeLessThanOrEqual(maxEntries);
        }),
        { numRuns: 2000 },
      );
    },
  );
});
