import { isOAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { decidePolicy, machineTenants, type Policy, type PolicyQuestion, policyProblems } from './policy.ts';
import type { Target } from './target.ts';

const target: Target = {
  name: 'expenses-api',
  audience: 'api://expenses',
  kind: 'jwt',
  scopes: ['read', 'write', 'approve'],
  machineScopes: ['totals'],
};
const common = { clients: ['mcp-server'], target: 'expenses-api', tenants: ['acme'] };
const policy: Policy = {
  version: '1',
  rules: [
    { ...common, subjectScopes: ['expenses:read'], scopes: ['read'] },
    { ...common, subjectScopes: ['expenses:write', 'mcp:tools:execute'], scopes: ['write', 'read'] },
    { ...common, clients: ['orchestrator'], scopes: ['approve', 'not-of-this-target'] },
    { ...common, tenants: ['globex', 'acme'], machine: true, scopes: ['totals'] },
  ],
};

function ask(over: Partial<PolicyQuestion>) {
  const question = {
    client: 'mcp-server',
    target,
    tenant: 'acme',
    subjectScopes: ['expenses:read'],
    machine: false,
    scopes: ['read'],
    ...over,
  };
  try {
    return decidePolicy(policy, question);
  } catch (error) {
    if (isOAuthError(error)) return error.code;
    throw error;
  }
}

describe('the policy', () => {
  const both = ['expenses:read', 'expenses:write', 'mcp:tools:execute'];
  it.each([
    ['allows what a rule allows', {}, { scopes: ['read'], ceiling: ['read'] }],
    [
      'adds the rules that apply up to one ceiling',
      { subjectScopes: both, scopes: ['write'] },
      { scopes: ['write'], ceiling: ['read', 'write'] },
    ],
    [
      'takes an empty scope for all that is allowed (RFC 6749 §3.3)',
      { subjectScopes: both, scopes: [] },
      { scopes: ['read', 'write'], ceiling: ['read', 'write'] },
    ],
    [
      'never gives a scope that the target does not have',
      { client: 'orchestrator', scopes: [] },
      { scopes: ['approve'], ceiling: ['approve'] },
    ],
    [
      'lets a machine have what a machine rule allows',
      { machine: true, subjectScopes: [], scopes: ['totals'] },
      { scopes: ['totals'], ceiling: ['totals'] },
    ],
  ] as const)(verifies('tb:policy', '%s'), (_rule, over, answer) => {
    expect(ask(over)).toEqual(answer);
  });

  it.each([
    ['a client that no rule names', { client: 'stranger' }, 'invalid_target'],
    ['a tenant that no rule names', { tenant: 'globex' }, 'invalid_target'],
    ['a target that no rule names', { target: { ...target, name: 'payroll' } }, 'invalid_target'],
    ['a user where only a machine may', { tenant: 'globex', scopes: ['totals'] }, 'invalid_target'],
    ['a scope above the ceiling', { scopes: ['read', 'write'] }, 'invalid_scope'],
    [
      'a subject that lacks one of the scopes a rule wants',
      { subjectScopes: ['expenses:write'], scopes: [] },
      'invalid_scope',
    ],
    ['a subject without scopes', { subjectScopes: [] }, 'invalid_scope'],
    ['a machine that asks for a scope of users', { machine: true, scopes: ['read'] }, 'invalid_scope'],
  ] as const)(verifies('tb:policy', 'X07 X09: refuses %s'), (_who, over, code) => {
    expect(ask(over)).toBe(code);
  });

  it('knows in which tenants a client may act by itself', () => {
    expect(machineTenants(policy, 'mcp-server', 'expenses-api')).toEqual(['acme', 'globex']);
    expect(machineTenants(policy, 'orchestrator', 'expenses-api')).toEqual([]);
  });

  it('names everything that cannot be meant', () => {
    expect(policyProblems(policy, { 'expenses-api': target }, ['acme'])).toEqual([
      'policy.rules[2].scopes "not-of-this-target" is not in targets.expenses-api.scopes',
      'policy.rules[3].tenants "globex" has no upstream',
    ]);
    expect(
      policyProblems({ version: '1', rules: [{ ...common, target: 'x', scopes: [] }] }, {}, ['acme']),
    ).toEqual(['policy.rules[0].target "x" is not in targets']);
  });
});
