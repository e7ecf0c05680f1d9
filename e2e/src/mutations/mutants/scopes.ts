import type { Mutant } from '../mutant.ts';

const scopesAt = 'packages/scopes/src';

/** Rules of scopes and policy (sc). */
export const scopes: readonly Mutant[] = [
  {
    name: 'undeclared-tool-registered',
    breaks: ['sc:deny-by-default'],
    file: `${scopesAt}/catalogue.ts`,
    find: 'if (requirement !== undefined) return requirement;',
    replace:
      "if (requirement !== undefined) return requirement;\n      return { ...operation, base: 'mcp:tools:execute', scopes: [], tier: 'read-only' } as const;",
  },
  {
    name: 'unknown-operation-allowed',
    breaks: ['sc:deny-by-default'],
    file: `${scopesAt}/decider.ts`,
    find: "if (requirement === undefined) return answer(grant, hide(operation.kind, 'unknown_operation'));",
    replace: 'if (requirement === undefined) return allow;',
    tests: [{ workspace: 'packages/scopes' }, { workspace: 'packages/mcp' }],
  },
  {
    name: 'tools-contains-admin',
    breaks: ['sc:base'],
    file: `${scopesAt}/lattice.ts`,
    find: "'mcp:tools': ['mcp:tools:read', 'mcp:tools:execute'],",
    replace: "'mcp:tools': ['mcp:tools:read', 'mcp:tools:execute', 'mcp:tools:admin'],",
  },
  {
    name: 'read-is-enough-to-call',
    breaks: ['sc:base'],
    file: `${scopesAt}/lattice.ts`,
    find: "'mcp:tools': ['mcp:tools:read', 'mcp:tools:execute'],",
    replace:
      "'mcp:tools': ['mcp:tools:read', 'mcp:tools:execute'],\n  'mcp:tools:read': ['mcp:tools:execute'],",
  },
  {
    name: 'scopes-of-the-tool-forgotten',
    breaks: ['sc:per-tool'],
    file: `${scopesAt}/prepare.ts`,
    find: 'needed: [...new Set([requirement.base, ...requirement.scopes, ...(demand?.scopes ?? [])])],',
    replace: 'needed: [...new Set([requirement.base, ...(demand?.scopes ?? [])])],',
  },
  {
    name: 'handler-trusts-the-edge',
    breaks: ['sc:per-tool'],
    file: 'packages/mcp/src/guarded-handler.ts',
    find: "if (decision.outcome !== 'allow') return answers.refuse(decision, call);",
    replace: '',
  },
  {
    name: 'challenge-names-the-first-scope-only',
    breaks: ['sc:challenge'],
    file: `${scopesAt}/access.ts`,
    find: "return challenge(kind, 'insufficient_scope', { error: 'insufficient_scope', scopes: needed });",
    replace:
      "return challenge(kind, 'insufficient_scope', { error: 'insufficient_scope', scopes: needed.slice(0, 1) });",
  },
  {
    name: 'challenge-goes-in-circles',
    breaks: ['sc:challenge'],
    file: `${scopesAt}/access.ts`,
    find: "if (answered(context, 'insufficient_scope')) return refuse(kind, 'login_did_not_help');",
    replace: '',
  },
  {
    name: 'lists-show-everything',
    breaks: ['sc:list-filter'],
    file: `${scopesAt}/decider.ts`,
    find: "return !(obstacle?.outcome === 'refuse' && obstacle.hidden);",
    replace: 'return true;',
  },
  {
    name: 'allowed-tools-ignored',
    breaks: ['sc:allowed-tools'],
    file: `${scopesAt}/visibility.ts`,
    find: "kind !== 'tool' || grant.allowedTools === undefined || grant.allowedTools.includes(name)",
    replace: "kind !== 'tool' || grant.allowedTools === undefined || name !== ''",
  },
  {
    name: 'empty-allowed-tools-means-all',
    breaks: ['sc:allowed-tools'],
    file: `${scopesAt}/visibility.ts`,
    find: "kind !== 'tool' || grant.allowedTools === undefined || grant.allowedTools.includes(name)",
    replace:
      "kind !== 'tool' || grant.allowedTools === undefined || grant.allowedTools.length === 0 || grant.allowedTools.includes(name)",
  },
  {
    name: 'role-not-checked',
    breaks: ['sc:roles'],
    file: `${scopesAt}/visibility.ts`,
    find: "hasPermission(question) ? undefined : hide(question.requirement.kind, 'permission');",
    replace: "hasPermission(question) || question ? undefined : hide('tool', 'permission');",
  },
  {
    name: 'overage-means-no-groups',
    breaks: ['sc:roles'],
    file: `${scopesAt}/visibility.ts`,
    find: 'if (!grant.groupsOverage) return undefined;',
    replace: 'if (grant.groupsOverage || !grant.groupsOverage) return undefined;',
  },
  {
    name: 'prefix-of-another-api',
    breaks: ['sc:dialects'],
    file: `${scopesAt}/dialect.ts`,
    find: 'return prefix === undefined ? scope : scope.slice(prefix.length);',
    replace: "return prefix === undefined ? (scope.split('/').at(-1) ?? scope) : scope.slice(prefix.length);",
  },
  {
    name: 'token-age-of-the-tier-ignored',
    breaks: ['sc:tiers'],
    file: `${scopesAt}/access.ts`,
    find: 'if (longest === undefined || context.now - originallyIssuedAt(grant) <= longest) return undefined;',
    replace: 'if (longest === undefined || context.now >= 0) return undefined;',
  },
  {
    name: 'login-age-of-the-tier-ignored',
    breaks: ['sc:tiers'],
    file: `${scopesAt}/login.ts`,
    find: 'if (!old && weak.length === 0) return undefined;',
    replace: 'if (weak.length === 0) return undefined;',
  },
  {
    name: 'acr-of-the-tier-ignored',
    breaks: ['sc:tiers'],
    file: `${scopesAt}/login.ts`,
    find: '(acrValues === undefined || acrValues.some((value) => contexts.includes(value))) &&',
    replace: '(acrValues === undefined || contexts.length >= 0) &&',
  },
  {
    name: 'no-way-out-named',
    breaks: ['sc:degrade'],
    file: `${scopesAt}/decider.ts`,
    find: '.slice(0, maxInstead)',
    replace: '.slice(0, 0)',
    tests: [{ workspace: 'packages/scopes' }, { workspace: 'packages/mcp' }],
  },
  {
    name: 'arguments-demand-nothing',
    breaks: ['sc:arguments'],
    file: `${scopesAt}/prepare.ts`,
    find: 'if (requirement.forArguments === undefined) return undefined;',
    replace: 'if (requirement.forArguments === undefined || args !== undefined) return undefined;',
  },
  {
    name: 'amount-not-compared',
    breaks: ['sc:arguments'],
    file: 'apps/downstream-api/src/store/expense-store.ts',
    find: 'if (refuse !== undefined) throw refuse;',
    replace: '',
  },
  {
    name: 'machine-reaches-user-tools',
    breaks: ['sc:m2m'],
    file: `${scopesAt}/visibility.ts`,
    find: "if (callers === 'both' || callers === caller) return undefined;",
    replace: "if (callers === 'both' || caller !== undefined) return undefined;",
  },
  {
    name: 'step-up-without-max-age',
    breaks: ['sc:step-up'],
    file: `${scopesAt}/step-up-challenge.ts`,
    find: '...(maxAge === undefined ? {} : { maxAge }),',
    replace: '',
    tests: [{ workspace: 'e2e', files: ['tests/browser/dev-idp.test.ts'] }],
  },
];
