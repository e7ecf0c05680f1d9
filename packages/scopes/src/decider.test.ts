import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { askOf } from '../test/ask.ts';
import { catalogue, grantOf, machineOf, now, rolePolicy, ruled } from '../test/fixture.ts';
import { createDecider } from './decider.ts';
import { createRolePolicy } from './role-policy.ts';

const ask = askOf();
const maria = { roles: ['manager'] };
const approver = { ...maria, scopes: ['mcp:tools', 'expenses:approve'] };

describe('scopes', () => {
  it(verifies('sc:per-tool', 'let each tool be called with its own and no other'), () => {
    expect(ask(grantOf(), 'list_expenses')).toEqual({ outcome: 'allow' });
    expect(ask(grantOf({ scopes: ['mcp:tools:execute', 'expenses:write'] }), 'list_expenses')).toMatchObject({
      outcome: 'step-up',
      reason: 'insufficient_scope',
    });
    expect(ask(grantOf({ scopes: ['mcp:tools:execute', 'expenses:write'] }), 'submit_expense')).toEqual({
      outcome: 'allow',
    });
  });

  it.each([
    ['the base', ['expenses:write'], 'step-up'],
    ['the fine scope', ['mcp:tools:execute'], 'step-up'],
    ['both', [], 'step-up'],
    ['the base but for one that only reads', ['mcp:tools:read', 'expenses:write'], 'step-up'],
    ['the base but for one that only manages', ['mcp:tools:admin', 'expenses:write'], 'step-up'],
    ['the base but for a wider one', ['mcp:tools', 'expenses:write'], 'allow'],
    ['none', ['mcp:tools:execute', 'expenses:write'], 'allow'],
  ])(verifies(['sc:base', 'sc:per-tool'], 'missing %s'), (_name, scopes, outcome) => {
    expect(ask(grantOf({ scopes }), 'submit_expense').outcome).toBe(outcome);
  });

  it(
    verifies('sc:challenge', 'that are missing are challenged together with all others of the operation'),
    () => {
      expect(ask(grantOf(), 'submit_expense')).toEqual({
        outcome: 'step-up',
        reason: 'insufficient_scope',
        message: 'Your login does not cover this tool. Log in again with the scopes of the challenge.',
        challenge: { error: 'insufficient_scope', scopes: ['mcp:tools:execute', 'expenses:write'] },
        instead: ['list_expenses'],
      });
    },
  );

  it(verifies('sc:challenge', 'that a step-up did not bring refuse, and say so'), () => {
    expect(ask(grantOf(), 'submit_expense', {}, { steppedUp: 'invalid_token' }).outcome).toBe('step-up');
    expect(ask(grantOf(), 'submit_expense', {}, { steppedUp: 'insufficient_scope' })).toEqual({
      outcome: 'refuse',
      reason: 'login_did_not_help',
      message:
        'The new token does not bring what this tool needs either. Sign in anew if you were not asked for it; otherwise ask an administrator for access.',
      hidden: false,
      instead: ['list_expenses'],
    });
  });

  it(verifies('sc:challenge', 'are asked of resources and prompts alike'), () => {
    const grant = grantOf();
    expect(ask(grant, 'expense://42', {}, {}, 'resource')).toMatchObject({
      challenge: { error: 'insufficient_scope', scopes: ['mcp:resources', 'expenses:read'] },
    });
    expect(ask(grant, 'expense_report', {}, {}, 'prompt')).toMatchObject({
      challenge: { error: 'insufficient_scope', scopes: ['mcp:prompts'] },
    });
  });
});

describe('mcp_allowed_tools', () => {
  it.each([
    ['is absent', undefined, 'allow'],
    ['names the tool', ['list_expenses', 'whoami'], 'allow'],
    ['names another tool', ['whoami'], 'refuse'],
    ['names it in capitals', ['LIST_EXPENSES'], 'refuse'],
    ['is empty', [], 'refuse'],
  ])(verifies('sc:allowed-tools', 'decides when it %s'), (_name, allowedTools, outcome) => {
    expect(ask(grantOf({ allowedTools }), 'list_expenses').outcome).toBe(outcome);
  });

  it(verifies('sc:allowed-tools', 'hides the tool, whatever the scopes are'), () => {
    expect(
      ask(grantOf({ allowedTools: [], scopes: ['mcp:tools', 'expenses:read'] }), 'list_expenses'),
    ).toMatchObject({
      reason: 'not_in_allowed_tools',
      hidden: true,
      instead: [],
    });
  });

  it(verifies('sc:allowed-tools', 'narrows tools and nothing else'), () => {
    const grant = grantOf({ allowedTools: [], scopes: ['mcp:resources', 'expenses:read'] });
    expect(ask(grant, 'expense://42', {}, {}, 'resource')).toEqual({ outcome: 'allow' });
  });
});

describe('a machine', () => {
  it.each([
    ['a machine', 'nightly_totals', machineOf(), { outcome: 'allow' }],
    ['a machine', 'whoami', machineOf(), { outcome: 'allow' }],
    [
      'a machine',
      'list_expenses',
      machineOf({ scopes: ['mcp:tools', 'expenses:read'] }),
      { reason: 'needs_user' },
    ],
    [
      'a user',
      'nightly_totals',
      grantOf({ scopes: ['mcp:tools', 'expenses:totals'] }),
      { reason: 'needs_machine' },
    ],
    ['a user', 'whoami', grantOf(), { outcome: 'allow' }],
  ])(verifies('sc:m2m', 'or not: %s calls %s'), (_caller, name, grant, expected) => {
    expect(ask(grant, name)).toMatchObject(expected);
  });

  it(verifies('sc:m2m', 'is not sent to a login that it cannot do'), () => {
    const grant = machineOf();
    expect(askOf({ tiers: { 'read-only': { maxLoginAge: 60 } } })(grant, 'nightly_totals')).toMatchObject({
      outcome: 'refuse',
      reason: 'needs_login',
      hidden: false,
    });
    expect(askOf({ tiers: { 'read-only': { approval: 'call' } } })(grant, 'nightly_totals')).toMatchObject({
      outcome: 'refuse',
      reason: 'needs_approval',
    });
  });

  it(verifies('sc:m2m', 'is told which scope to ask for'), () => {
    expect(ask(machineOf({ scopes: ['mcp:tools:execute'] }), 'nightly_totals')).toMatchObject({
      challenge: { error: 'insufficient_scope', scopes: ['mcp:tools:execute', 'expenses:totals'] },
    });
  });
});

describe('roles and groups', () => {
  const args = { amount: 10 };
  const scopes = approver.scopes;

  it.each([
    ['the role', { roles: ['manager'] }, 'allow'],
    ['another role', { roles: ['employee'] }, 'refuse'],
    ['the role in capitals', { roles: ['Manager'] }, 'refuse'],
    ['a permission in the place of a role', { roles: ['expenses:approve'] }, 'refuse'],
    ['a role of every object', { roles: ['constructor', '__proto__'] }, 'refuse'],
    ['a group of that path', { groups: ['/acme/finance'] }, 'allow'],
    [
      'a group of the same last name',
      { groups: ['finance', '/globex/finance', '/x/acme/finance'] },
      'refuse',
    ],
    ['a subgroup', { groups: ['/acme/finance/interns'] }, 'refuse'],
  ])(verifies('sc:roles', 'by %s'), (_name, who, outcome) => {
    expect(ask(grantOf({ scopes, roles: [], ...who }), 'approve_expense', args).outcome).toBe(outcome);
  });

  it(verifies('sc:roles', 'cannot be mended by scopes, so there is no challenge'), () => {
    expect(ask(grantOf(), 'approve_expense', args)).toMatchObject({ reason: 'permission', hidden: true });
  });

  it(verifies('sc:roles', 'bring scopes by group'), () => {
    const grant = grantOf({ scopes: ['mcp:tools:execute'], groups: ['/acme/readers'] });
    expect(ask(grant, 'list_expenses')).toEqual({ outcome: 'allow' });
    expect(ask(grantOf({ ...grant, groups: [] }), 'list_expenses').outcome).toBe('step-up');
  });

  it(verifies('sc:roles', 'refuse with a reason when the token leaves its groups out'), () => {
    const grant = grantOf({ scopes, roles: [], groupsOverage: true });
    expect(ask(grant, 'approve_expense', args)).toMatchObject({
      outcome: 'refuse',
      reason: 'groups_overage',
      hidden: false,
    });
    const reader = grantOf({ scopes: ['mcp:tools:execute'], groupsOverage: true });
    expect(ask(reader, 'list_expenses')).toMatchObject({ reason: 'groups_overage' });
  });

  it(verifies('sc:roles', 'do not care for left-out groups where none could decide'), () => {
    const overage = { scopes, groupsOverage: true };
    expect(ask(grantOf({ ...overage, roles: ['manager'] }), 'approve_expense', args).outcome).toBe('allow');
    expect(ask(grantOf({ ...overage, scopes: ['mcp:tools:execute'] }), 'submit_expense').outcome).toBe(
      'step-up',
    );
    const withoutGroups = createRolePolicy({
      roles: { manager: ['expenses:approve'], finance: ['expenses:administer'] },
    });
    const strict = askOf({ rolePolicy: withoutGroups });
    expect(strict(grantOf({ ...overage, roles: [] }), 'approve_expense', args)).toMatchObject({
      reason: 'permission',
    });
  });

  it(verifies(['sc:roles', 'rs:multi-issuer'], 'of one tenant mean nothing in another'), () => {
    const policy = createRolePolicy({
      roles: { manager: ['expenses:approve'], finance: ['expenses:administer'] },
      tenants: { globex: { roles: { chef: ['expenses:approve'] } } },
    });
    const tenants = askOf({ rolePolicy: policy });
    const at = (tenant: string, role: string) =>
      tenants(grantOf({ scopes, tenant, roles: [role] }), 'approve_expense', args).outcome;
    expect([at('acme', 'manager'), at('acme', 'chef')]).toEqual(['allow', 'refuse']);
    expect([at('globex', 'manager'), at('globex', 'chef')]).toEqual(['refuse', 'allow']);
  });

  it(verifies('sc:roles', 'that are wired wrong fail at start'), () => {
    expect(() => createRolePolicy({ groups: { '/acme/x': { roles: ['nobody'] } } })).toThrow(
      /"\/acme\/x" stands for the role "nobody"/,
    );
    expect(() => createDecider({ catalogue })).toThrow(
      /no role grants a permission of tool "approve_expense" \(expenses:approve\)/,
    );
  });
});

describe('arguments', () => {
  const grant = grantOf({ ...approver, authTime: now - 400 });

  it.each([
    ['harmless', { amount: 1000 }, { outcome: 'allow' }],
    [
      'above the first limit',
      { amount: 1001 },
      { reason: 'login_too_old', challenge: { error: 'insufficient_user_authentication', maxAge: 300 } },
    ],
    ['above the last limit', { amount: 5001 }, { reason: 'arguments', hidden: false }],
    ['of a wrong type', { amount: '1' }, { reason: 'arguments', hidden: false }],
    ['missing', {}, { reason: 'arguments', hidden: false }],
  ])(verifies('sc:arguments', 'that are %s'), (_name, args, expected) => {
    expect(ask(grant, 'approve_expense', args)).toMatchObject(expected);
  });

  it(verifies('sc:arguments', 'pass after the login they ask for'), () => {
    const fresh = grantOf({ ...approver, authTime: now - 300 });
    expect(ask(fresh, 'approve_expense', { amount: 1001 })).toEqual({ outcome: 'allow' });
  });

  it(verifies('sc:arguments', 'are not told to those who lack the scope or the role'), () => {
    const employee = ask(grantOf({ scopes: approver.scopes }), 'approve_expense', { amount: 5001 });
    expect(employee).toEqual(ask(grantOf({ scopes: approver.scopes }), 'approve_expense', { amount: 1 }));
    expect(ask(grantOf(maria), 'approve_expense', { amount: 5001 })).toMatchObject({
      reason: 'insufficient_scope',
    });
  });

  it(verifies(['sc:arguments', 'sc:challenge'], 'add their scopes to the first challenge'), () => {
    const abroad = createDecider({
      rolePolicy,
      catalogue: ruled((args) => (args.currency === 'USD' ? { scopes: ['expenses:foreign'] } : undefined)),
    });
    const decide = (scopes: string[]) =>
      abroad.decide(grantOf({ scopes }), { kind: 'tool', name: 'pay' }, { currency: 'USD' }, [], { now });
    const all = ['mcp:tools:execute', 'expenses:write', 'expenses:foreign'];
    expect(decide([])).toMatchObject({ challenge: { scopes: all } });
    expect(decide(['mcp:tools', 'expenses:write'])).toMatchObject({ challenge: { scopes: all } });
    expect(decide(all)).toEqual({ outcome: 'allow' });
  });

  it(verifies('sc:arguments', 'are not judged where there are none: in lists and suggestions'), () => {
    const judged: unknown[] = [];
    const decider = createDecider({
      rolePolicy,
      catalogue: ruled((args) => {
        judged.push(args);
        return { scopes: ['expenses:foreign'] };
      }),
    });
    const grant = grantOf({ scopes: ['mcp:tools', 'expenses:write'] });
    expect(decider.listable(grant, 'tool').map(({ name }) => name)).toContain('pay');
    expect(decider.decide(grant, { kind: 'tool', name: 'nothing' }, {}, [], { now })).toMatchObject({
      instead: ['whoami', 'submit_expense', 'pay'],
    });
    expect(judged).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['a promise', Promise.resolve(undefined)],
    ['a misspelled demand', { refused: 'no' }],
    ['a word', 'no'],
    ['null', null],
  ])(verifies('sc:arguments', 'refuse when their rule answers with %s'), (_name, wrong) => {
    const decider = createDecider({ rolePolicy, catalogue: ruled(() => wrong as undefined) });
    const grant = grantOf({ scopes: ['mcp:tools', 'expenses:write'] });
    expect(decider.decide(grant, { kind: 'tool', name: 'pay' }, {}, [], { now })).toMatchObject({
      outcome: 'refuse',
      reason: 'arguments',
    });
  });
});

describe('a rule of the deployment', () => {
  it('is asked last, sees the history, and can only narrow', () => {
    const { decide } = createDecider({
      catalogue,
      rolePolicy,
      rules: [
        ({ history }) =>
          history.some(({ name }) => name === 'list_expenses')
            ? { outcome: 'refuse', reason: 'sequence', message: 'Not after reading.', hidden: false }
            : undefined,
      ],
    });
    const past = [{ kind: 'tool', name: 'list_expenses', at: now - 1, outcome: 'allow' }] as const;
    const whoami = { kind: 'tool', name: 'whoami' } as const;
    expect(decide(grantOf(), whoami, {}, [], { now })).toEqual({ outcome: 'allow' });
    expect(decide(grantOf(), whoami, {}, past, { now })).toMatchObject({ reason: 'sequence', instead: [] });
    const submit = { kind: 'tool', name: 'submit_expense' } as const;
    expect(decide(grantOf(), submit, {}, past, { now })).toMatchObject({ reason: 'insufficient_scope' });
  });
});
