import type { Login } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { askOf } from '../test/ask.ts';
import { catalogue, grantOf, now, rolePolicy, ruled } from '../test/fixture.ts';
import { createDecider } from './decider.ts';
import type { DecisionContext } from './question.ts';
import { createTiers, type TierOverrides } from './tier.ts';

const everything = {
  scopes: ['mcp:tools', 'expenses:read', 'expenses:write', 'expenses:approve', 'expenses:admin'],
  roles: ['finance'],
};

describe('the age of a token', () => {
  it.each([
    ['read-only', 'list_expenses', 30],
    ['read-write', 'submit_expense', 15],
    ['financial', 'approve_expense', 10],
    ['admin', 'delete_expense', 5],
  ])(verifies('sc:tiers', 'of tier %s ends the use of %s after %i minutes'), (_tier, name, minutes) => {
    const ask = askOf({ tiers: { admin: { approval: 'never' } } });
    const aged = (seconds: number) =>
      ask(grantOf({ ...everything, issuedAt: now - seconds }), name, { amount: 1 });
    expect(aged(minutes * 60)).toEqual({ outcome: 'allow' });
    expect(aged(minutes * 60 + 1)).toMatchObject({
      outcome: 'step-up',
      reason: 'token_too_old',
      challenge: { error: 'invalid_token' },
    });
  });

  it(verifies('sc:tiers', 'is that of the login’s token, however lately a broker minted one from it'), () => {
    const minted = (age: number) => {
      const origin = {
        issuer: 'https://idp.example/acme',
        client: 'inspector',
        tokenId: 't-0',
        issuedAt: now - age,
      };
      return askOf()(grantOf({ ...everything, issuedAt: now, origin }), 'list_expenses', {});
    };
    expect(minted(30 * 60)).toEqual({ outcome: 'allow' });
    expect(minted(30 * 60 + 1)).toMatchObject({ reason: 'token_too_old' });
  });

  it(verifies('sc:tiers', 'of personal data is that of money'), () => {
    const tiers = createTiers();
    expect(tiers['personal-data'].maxTokenAge).toBe(600);
    expect(tiers.financial.maxTokenAge).toBe(600);
  });

  it(verifies('sc:tiers', 'still mends by a refresh after a step-up'), () => {
    const old = grantOf({ ...everything, issuedAt: now - 3600 });
    expect(askOf()(old, 'list_expenses', {}, { steppedUp: true })).toMatchObject({
      challenge: { error: 'invalid_token' },
    });
  });
});

describe('the login', () => {
  const list = (tiers: TierOverrides['read-only'], grant: Parameters<typeof grantOf>[0], steppedUp = false) =>
    askOf({ tiers: { 'read-only': tiers ?? {} } })(grantOf(grant), 'list_expenses', {}, { steppedUp });

  it.each([
    ['is fresh', { maxLoginAge: 600 }, { authTime: now - 600 }, undefined],
    ['is old', { maxLoginAge: 600 }, { authTime: now - 601 }, { maxAge: 600 }],
    ['is of unknown age', { maxLoginAge: 600 }, { authTime: undefined }, { maxAge: 600 }],
    ['has an accepted acr', { acrValues: ['silver', 'gold'] }, { acr: 'gold' }, undefined],
    ['has another acr', { acrValues: ['gold'] }, { acr: 'bronze' }, { acrValues: ['gold'] }],
    ['has no acr', { acrValues: ['gold'] }, {}, { acrValues: ['gold'] }],
    ['has an accepted method', { amrValues: ['otp', 'hwk'] }, { amr: ['pwd', 'hwk'] }, undefined],
    ['has no accepted method', { amrValues: ['otp'] }, { amr: ['pwd'] }, { maxAge: 0 }],
    [
      'is old and weak',
      { maxLoginAge: 600, acrValues: ['gold'] },
      { authTime: 0, acr: 'bronze' },
      { maxAge: 600, acrValues: ['gold'] },
    ],
  ])(verifies('sc:tiers', 'that %s (RFC 9470 §3)'), (_name, tier, grant, expected) => {
    const decision = list(tier, grant);
    const scopes = ['mcp:tools:execute', 'expenses:read'];
    const challenge = { error: 'insufficient_user_authentication', scopes, ...expected, byLink: true };
    if (expected === undefined) expect(decision).toEqual({ outcome: 'allow' });
    else expect(decision).toHaveProperty('challenge', challenge);
  });

  it(verifies('sc:tiers', 'shows one of several contexts at Entra, and only there'), () => {
    const claims = { acrs: ['c1', 'c2'] };
    expect(list({ acrValues: ['c2'] }, { profile: 'entra', claims })).toEqual({ outcome: 'allow' });
    expect(list({ acrValues: ['c3'] }, { profile: 'entra', claims }).outcome).toBe('step-up');
    expect(list({ acrValues: ['c2'] }, { profile: 'generic', claims }).outcome).toBe('step-up');
  });

  const mfa = { acrValues: ['mfa'], maxLoginAge: 300 };
  const proven = { authTime: now - 10, acr: ['mfa'], amr: [] };
  const withProven = (tier: TierOverrides['read-only'], login: Partial<Login>, steppedUp = false) =>
    askOf({ tiers: { 'read-only': tier ?? {} } })(
      grantOf({ acr: 'pwd', authTime: now - 10 }),
      'list_expenses',
      {},
      { login: { ...proven, ...login }, steppedUp },
    );

  it(verifies('sc:step-up', 'that the server proved itself counts beside that of the token'), () => {
    expect(withProven(mfa, {})).toEqual({ outcome: 'allow' });
    expect(withProven(mfa, { authTime: now - 300 })).toEqual({ outcome: 'allow' });
    expect(withProven(mfa, {}, true)).toEqual({ outcome: 'allow' });
  });

  it.each<readonly [string, Partial<Login>]>([
    ['is older than the tier allows', { authTime: now - 301 }],
    ['is of unknown age', { authTime: undefined }],
    ['is weaker than it wants', { acr: ['pwd'] }],
    ['says nothing of its strength', { acr: [] }],
  ])(verifies('sc:step-up', 'that the server proved itself does not count when it %s'), (_case, login) => {
    expect(withProven(mfa, login)).toMatchObject({ outcome: 'step-up', challenge: { byLink: true } });
  });

  it(verifies('sc:step-up', 'of the token and the proven one are not added up'), () => {
    // The token's is young enough and too weak, the proven one strong enough and too old.
    expect(withProven(mfa, { authTime: now - 3600 }).outcome).toBe('step-up');
  });

  it(verifies('sc:step-up', 'that the server proved itself does not count where the tier says no'), () => {
    const tier = { ...mfa, loginByLink: false };
    expect(withProven(tier, {})).toMatchObject({ outcome: 'step-up' });
    expect(withProven(tier, {})).not.toHaveProperty('challenge.byLink');
    expect(withProven(tier, {}, true)).not.toHaveProperty('unanswered');
    expect(createTiers().admin.loginByLink).toBe(false);
  });

  it(verifies('sc:step-up', 'that a new token did not bring can still be proved by a link'), () => {
    expect(withProven(mfa, { acr: [] }, true)).toMatchObject({
      outcome: 'refuse',
      reason: 'login_did_not_help',
      unanswered: { error: 'insufficient_user_authentication', acrValues: ['mfa'], byLink: true },
    });
  });

  it(verifies('sc:tiers', 'that was repeated in vain is not asked for again'), () => {
    expect(list({ acrValues: ['gold'] }, { acr: 'bronze' }, true)).toMatchObject({
      outcome: 'refuse',
      reason: 'login_did_not_help',
    });
  });

  it(verifies('sc:tiers', 'is asked for after a step-up that brought a scope, and after a refresh'), () => {
    const ask = askOf({ tiers: { 'read-only': { maxLoginAge: 600 } } });
    const old = grantOf({ authTime: 0 });
    const after = (steppedUp: DecisionContext['steppedUp']) =>
      ask(old, 'list_expenses', {}, { steppedUp }).outcome;
    expect(after('insufficient_scope')).toBe('step-up');
    expect(after('invalid_token')).toBe('step-up');
    expect(after('insufficient_user_authentication')).toBe('refuse');
  });

  it(verifies('sc:tiers', 'must please tier and arguments both'), () => {
    const { decide } = createDecider({
      catalogue: ruled(() => ({ tier: { maxLoginAge: 900, maxTokenAge: 7200, acrValues: ['gold'] } })),
      rolePolicy,
      tiers: { 'read-only': { maxLoginAge: 600, acrValues: ['silver'] } },
    });
    const pay = (acr: string) =>
      decide(grantOf({ ...everything, acr, authTime: now - 700 }), { kind: 'tool', name: 'pay' }, {}, [], {
        now,
      });
    expect(pay('gold')).toMatchObject({ challenge: { maxAge: 600, acrValues: ['silver'] } });
    expect(pay('silver')).toMatchObject({ challenge: { maxAge: 600, acrValues: ['gold'] } });
  });
});

describe('approval', () => {
  const frank = grantOf(everything);

  it.each([
    ['call', undefined, { outcome: 'ask', approval: 'call' }],
    ['call', 'session', { outcome: 'ask', approval: 'call' }],
    ['call', 'call', { outcome: 'allow' }],
    ['session', undefined, { outcome: 'ask', approval: 'session' }],
    ['session', 'session', { outcome: 'allow' }],
    ['session', 'call', { outcome: 'allow' }],
    ['never', undefined, { outcome: 'allow' }],
  ] as const)(verifies('sc:tiers', 'for each %s, given for the %s'), (approval, approved, expected) => {
    const ask = askOf({ tiers: { admin: { approval } } });
    expect(ask(frank, 'delete_expense', {}, approved === undefined ? {} : { approved })).toEqual(expected);
  });

  it(
    verifies('sc:tiers', 'of the most dangerous tier is asked for each call unless configured otherwise'),
    () => {
      expect(askOf()(frank, 'delete_expense')).toEqual({ outcome: 'ask', approval: 'call' });
    },
  );

  it(verifies('sc:tiers', 'is asked for last, when all else is settled'), () => {
    expect(askOf()(grantOf({ ...everything, issuedAt: 0 }), 'delete_expense').outcome).toBe('step-up');
  });
});

describe('tiers', () => {
  it.each<[string, unknown, RegExp]>([
    ['an unknown tier', { secret: {} }, /tiers.secret is no tier; use one of read-only/],
    ['a misspelled member', { admin: { maxAge: 1 } }, /tiers.admin.maxAge is not known/],
    ['no time', { admin: { maxTokenAge: 0 } }, /tiers.admin.maxTokenAge must be a positive number/],
    ['endless time', { admin: { maxTokenAge: Number.POSITIVE_INFINITY } }, /maxTokenAge must be/],
    ['no context', { admin: { acrValues: [] } }, /acrValues must be a list of at least one word/],
    [
      'an unknown approval',
      { admin: { approval: 'always' } },
      /approval must be one of never, session, call/,
    ],
  ])(verifies('sc:tiers', 'with %s are refused at start'), (_name, tiers, message) => {
    expect(() => createDecider({ catalogue, rolePolicy, tiers: tiers as TierOverrides })).toThrow(message);
  });

  it('name all mistakes at once', () => {
    const tiers = { admin: { maxTokenAge: -1, maxLoginAge: -1 } };
    expect(() => createTiers(tiers)).toThrow(/maxTokenAge must be .*maxLoginAge must be/);
  });
});
