import { createMemoryRevocations, type Revocation, revocationEntry } from '@mcp-obo/revocation';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { bearer, createClock, setUp } from '../test/platform.ts';

const issuer = 'https://idp.example';
const claims = { sub: 'alice', client_id: 'inspector', jti: 'token-1', sid: 'session-1' };

/** A validator whose list of revocations is at hand. */
function setUpList() {
  const clock = createClock();
  const list = createMemoryRevocations(clock);
  let fresh = true;
  const setup = setUp(
    {},
    { now: clock.now, revocations: { ...list, isFresh: () => fresh } },
    { now: clock.now },
  );
  return {
    ...setup,
    token: () => setup.idp.mint({ aud: 'https://mcp.example/mcp', ...claims }),
    revoke: (kind: Revocation['kind'], id: string) =>
      list.revoke([revocationEntry({ kind, issuer, id }, { now: clock.now(), longestLife: 3_600_000 })]),
    lose: () => {
      fresh = false;
    },
    advance: clock.advance,
  };
}

describe('a revoked token', () => {
  it.each([
    ['token', 'token-1'],
    ['session', 'session-1'],
    ['user', 'alice'],
    ['client', 'inspector'],
  ] as const)(
    verifies('rs:revoked', 'is refused when its %s was revoked, also where it was verified before'),
    async (kind, id) => {
      const { token, outcome, revoke } = setUpList();
      const [known, unknown] = [await token(), await token()];
      expect(await outcome(known)).toBe('alice');
      await revoke(kind, id);
      expect(await outcome(known)).toBe('401 revoked');
      expect(await outcome(unknown)).toBe('401 revoked');
    },
  );

  it(verifies('rs:revoked', 'is held no more, nor is any while the list may be incomplete'), async () => {
    const { token, validator, lose } = setUpList();
    const grants = await Promise.all(
      [token(), token()].map(async (one) => validator.validate(bearer(await one))),
    );
    expect(grants.map(validator.holds)).toEqual([true, true]);
    lose();
    expect(grants.map(validator.holds)).toEqual([false, false]);
    const again = setUpList();
    const grant = await again.validator.validate(bearer(await again.token()));
    await again.revoke('token', 'token-1');
    expect(again.validator.holds(grant)).toBe(false);
  });

  it(verifies('rs:revoked', 'is refused when it was revoked while its keys were fetched'), async () => {
    const { token, outcome, revoke, idp } = setUpList();
    const one = await token();
    const pending = outcome(one);
    await revoke('token', 'token-1');
    expect(await pending).toBe('401 revoked');
    expect(idp.requests.size).toBeGreaterThan(0);
  });

  it(verifies('rs:revoked', 'leaves a later login of the same user alone'), async () => {
    const { token, outcome, revoke, advance } = setUpList();
    await revoke('user', 'alice');
    advance(6);
    expect(await outcome(await token())).toBe('alice');
  });
});

it(verifies('rs:revocation-view', 'keeps no verified token while revocations may be missing'), async () => {
  const { token, outcome, events, lose } = setUpList();
  const one = await token();
  const cached = async () => {
    expect(await outcome(one)).toBe('alice');
    return events.findLast(({ type }) => type === 'success');
  };
  await outcome(one);
  expect(await cached()).toMatchObject({ cached: true });
  lose();
  expect(await cached()).toMatchObject({ cached: false });
  expect(await cached()).toMatchObject({ cached: false });
});
