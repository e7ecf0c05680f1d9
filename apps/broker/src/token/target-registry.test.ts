import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import type { TargetConfig } from '../config.ts';
import { createTargetRegistry, parseScope } from './target-registry.ts';

const common = {
  companions: [],
  kind: 'jwt' as const,
  upstream: 'issuer' as const,
  machine_scopes: [],
  ignored_scopes: [],
  scopes: ['read'],
};
const targets: readonly TargetConfig[] = [
  { ...common, name: 'expenses-api', audience: 'api://expenses', resource: 'https://expenses.example/' },
  {
    ...common,
    name: 'ledger',
    audience: { 'https://a.example': 'api://ledger-a', 'https://b.example': 'b-ledger' },
  },
];
const registry = createTargetRegistry(targets);

function outcome(find: () => unknown): unknown {
  try {
    return find();
  } catch (error) {
    return error instanceof OAuthError ? error.code : error;
  }
}

describe('a target', () => {
  it.each([
    [['expenses-api'], [], 'expenses-api'],
    [['api://expenses'], [], 'expenses-api'],
    [[], ['api://expenses'], 'expenses-api'],
    [[], ['https://expenses.example/'], 'expenses-api'],
    [['expenses-api', 'api://expenses'], ['https://expenses.example/'], 'expenses-api'],
    [['b-ledger'], [], 'ledger'],
  ])(verifies('tb:rfc8693', 'is found by audience %j and resource %j'), (audiences, resources, name) => {
    expect(registry.byIdentifier(audiences, resources)?.name).toBe(name);
  });

  it.each([
    ['an unknown audience', ['api://other'], []],
    ['an unknown resource', [], ['https://other.example/']],
    ['a relative resource', [], ['/expenses']],
    ['a name as a resource', [], ['expenses-api']],
    ['a resource with a fragment', [], ['https://expenses.example/#x']],
    ['another spelling', [], ['https://EXPENSES.example/']],
    ['the name of a property of objects', ['__proto__'], []],
  ])(verifies('tb:rfc8693', 'X07: is not found by %s (RFC 8707 §2)'), (_what, audiences, resources) => {
    expect(outcome(() => registry.byIdentifier(audiences, resources))).toBe('invalid_target');
  });

  it.each([
    ['one of which is unknown', [], ['https://expenses.example/', 'https://other.example/']],
    ['which name two targets', ['expenses-api', 'ledger'], []],
  ])(
    verifies('tb:rfc8693', 'X08: is not found by several identifiers, %s'),
    (_what, audiences, resources) => {
      expect(outcome(() => registry.byIdentifier(audiences, resources))).toBe('invalid_target');
    },
  );

  it('is undefined when no parameter names one', () => {
    expect(registry.byIdentifier([], [])).toBeUndefined();
  });
});

describe('scopes with their target in front', () => {
  it.each([
    ['openid profile offline_access api://expenses/read', ['read']],
    ['api://expenses/write api://expenses/read', ['read', 'write']],
    ['api://expenses/.default openid', []],
    ['https://expenses.example//read', ['read']],
  ])(verifies('tb:jwt-bearer', 'are read from %s'), (scope, scopes) => {
    expect(registry.byScope(scope)).toEqual({ target: targets[0], scopes });
  });

  it.each([
    'openid profile',
    'read',
    'api://expenses',
    'api://expenses-evil/read',
    'api://other/read',
    'api://expenses/read api://ledger-a/read',
    'api://expenses/.default api://expenses/read',
    'api://expenses/re"ad',
  ])(verifies('tb:jwt-bearer', 'X09: are refused when they are %s'), (scope) => {
    expect(outcome(() => registry.byScope(scope))).toBe('invalid_scope');
  });
});

describe('the scope parameter', () => {
  it('is a set: sorted and unique (RFC 6749 §3.3)', () => {
    expect(parseScope('b a  b')).toEqual(['a', 'b']);
    expect(parseScope(undefined)).toEqual([]);
  });
});
