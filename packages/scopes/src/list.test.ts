import type { Grant } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { askOf } from '../test/ask.ts';
import { catalogue, grantOf, machineOf, rolePolicy } from '../test/fixture.ts';
import { createDecider } from './decider.ts';
import type { OperationKind } from './requirement.ts';

const { decideList, listable } = createDecider({ catalogue, rolePolicy });
const names = (grant: Grant, kind: OperationKind = 'tool') => listable(grant, kind).map(({ name }) => name);

describe('a list', () => {
  it.each([
    ['an employee', grantOf(), ['whoami', 'list_expenses', 'submit_expense']],
    ['an employee without scopes', grantOf({ scopes: [] }), ['whoami', 'list_expenses', 'submit_expense']],
    ['an old token', grantOf({ issuedAt: 0 }), ['whoami', 'list_expenses', 'submit_expense']],
    [
      'a manager',
      grantOf({ roles: ['manager'] }),
      ['whoami', 'list_expenses', 'submit_expense', 'approve_expense'],
    ],
    [
      'finance by group',
      grantOf({ roles: [], groups: ['/acme/finance'] }),
      ['whoami', 'list_expenses', 'submit_expense', 'approve_expense', 'delete_expense'],
    ],
    ['a machine', machineOf(), ['whoami', 'nightly_totals']],
    ['a narrowed token', grantOf({ allowedTools: ['list_expenses', 'delete_expense'] }), ['list_expenses']],
    ['an empty narrowing', grantOf({ allowedTools: [] }), []],
  ])(
    verifies('sc:list-filter', 'for %s shows what may be used now or after a step-up'),
    (_name, grant, expected) => {
      expect(names(grant)).toEqual(expected);
    },
  );

  it(
    verifies('sc:list-filter', 'shows what is refused with a reason, so that the reason gives nothing away'),
    () => {
      const grant = grantOf({ roles: [], groupsOverage: true });
      expect(names(grant)).toContain('approve_expense');
      expect(askOf()(grant, 'approve_expense')).toMatchObject({ reason: 'groups_overage', hidden: false });
    },
  );

  it(
    verifies('sc:list-filter', 'of resources and prompts is of its own kind, and closed to machines'),
    () => {
      expect(names(grantOf(), 'resource')).toEqual(['expense://{id}']);
      expect(names(grantOf(), 'prompt')).toEqual(['expense_report']);
      expect(names(machineOf(), 'resource')).toEqual([]);
    },
  );

  it.each([
    ['mcp:tools:read', 'allow'],
    ['mcp:tools:execute', 'allow'],
    ['mcp:tools', 'allow'],
    ['mcp:prompts', 'step-up'],
    ['expenses:read', 'step-up'],
  ])(verifies('sc:base', 'of tools is open to %s: %s'), (scope, outcome) => {
    expect(decideList(grantOf({ scopes: [scope] }), 'tool').outcome).toBe(outcome);
  });

  it(verifies('sc:base', 'of tools asks for the smallest scope that opens it'), () => {
    expect(decideList(grantOf({ scopes: [] }), 'tool')).toMatchObject({
      challenge: { error: 'insufficient_scope', scopes: ['mcp:tools:read'] },
    });
  });

  it('of another kind can be closed by configuration', () => {
    const strict = createDecider({ catalogue, rolePolicy, listScopes: { prompt: ['mcp:prompts'] } });
    expect(decideList(grantOf(), 'prompt').outcome).toBe('allow');
    expect(strict.decideList(grantOf(), 'prompt').outcome).toBe('step-up');
    expect(strict.decideList(grantOf({ scopes: ['mcp:prompts'] }), 'prompt').outcome).toBe('allow');
  });
});

describe('what a caller can never use', () => {
  const ask = askOf();
  const wide = {
    scopes: ['mcp:tools', 'expenses:read', 'expenses:approve', 'expenses:admin', 'expenses:totals'],
  };

  it.each([
    ['without the role', grantOf(), 'approve_expense', 'permission'],
    ['without the role, with all scopes', grantOf(wide), 'delete_expense', 'permission'],
    ['with a narrowed token', grantOf({ allowedTools: ['whoami'] }), 'list_expenses', 'not_in_allowed_tools'],
    ['as a machine', machineOf(), 'list_expenses', 'needs_user'],
    ['as a user', grantOf(wide), 'nightly_totals', 'needs_machine'],
  ])(
    verifies(['sc:list-filter', 'sc:deny-by-default'], 'answers like what does not exist: %s'),
    (_name, grant, name, reason) => {
      const { reason: hiddenReason, ...hidden } = { reason: '', ...ask(grant, name) };
      const { reason: unknownReason, ...unknown } = { reason: '', ...ask(grant, 'no_such_tool') };
      expect(JSON.stringify(hidden)).toBe(JSON.stringify(unknown));
      expect([hiddenReason, unknownReason]).toEqual([reason, 'unknown_operation']);
      expect(names(grant)).not.toContain(name);
    },
  );

  it(verifies('sc:deny-by-default', 'is every operation that has no requirement'), () => {
    const all = grantOf({ ...wide, roles: ['finance'] });
    for (const name of ['drop_tables', '', 'constructor', 'LIST_EXPENSES', 'list_expenses ']) {
      expect(ask(all, name)).toMatchObject({ outcome: 'refuse', reason: 'unknown_operation', hidden: true });
    }
    expect(ask(all, 'list_expenses', {}, {}, 'prompt')).toMatchObject({ reason: 'unknown_operation' });
    expect(ask(all, 'file:///etc/passwd', {}, {}, 'resource')).toMatchObject({ reason: 'unknown_operation' });
  });
});
