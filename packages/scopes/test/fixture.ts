import { freezeGrant, type Grant } from '@mcp-obo/grant';
import {
  type Catalogue,
  createCatalogue,
  createRolePolicy,
  defineRequirement,
  type Requirement,
} from '../src/index.ts';

/** The moment of every decision in these tests. */
export const now = 1_800_000_000;

/** Alice of acme, an employee, a minute after her first login. */
export function grantOf(changes: Partial<Grant> = {}): Grant {
  return freezeGrant({
    issuer: 'https://idp.example/acme',
    tenant: 'acme',
    profile: 'generic',
    subject: 'u-alice',
    user: { issuer: 'https://idp.example/acme', key: 'u-alice' },
    client: 'inspector',
    tokenId: 't-1',
    scopes: ['expenses:read', 'mcp:tools:execute'],
    roles: ['employee'],
    groups: [],
    groupsOverage: false,
    audience: ['https://mcp.example/mcp'],
    issuedAt: now - 60,
    expiresAt: now + 240,
    authTime: now - 60,
    amr: ['pwd'],
    tokenHash: 'hash',
    claims: {},
    ...changes,
  });
}

/** The nightly job: a client and no user. */
export function machineOf(changes: Partial<Grant> = {}): Grant {
  return grantOf({
    subject: 'nightly-job',
    user: undefined,
    client: 'nightly-job',
    scopes: ['expenses:totals', 'mcp:tools:execute'],
    roles: [],
    amr: [],
    authTime: undefined,
    ...changes,
  });
}

const tool = { kind: 'tool', base: 'mcp:tools:execute' } as const;

/** The operations of the example server. */
export const requirements = [
  defineRequirement({ ...tool, name: 'whoami', scopes: [], tier: 'read-only', callers: 'both' }),
  defineRequirement({ ...tool, name: 'list_expenses', scopes: ['expenses:read'], tier: 'read-only' }),
  defineRequirement({
    ...tool,
    name: 'submit_expense',
    scopes: ['expenses:write'],
    tier: 'read-write',
    instead: ['list_expenses'],
  }),
  defineRequirement({
    ...tool,
    name: 'approve_expense',
    scopes: ['expenses:approve'],
    tier: 'financial',
    permissions: ['expenses:approve'],
    instead: ['list_expenses', 'delete_expense'],
    forArguments: ({ amount }) => {
      if (typeof amount !== 'number') throw new TypeError('amount');
      if (amount > 5000) return { refuse: 'The amount is above your limit of 5000 EUR.' };
      return amount > 1000 ? { tier: { maxLoginAge: 300 } } : undefined;
    },
  }),
  defineRequirement({
    ...tool,
    name: 'delete_expense',
    scopes: ['expenses:admin'],
    tier: 'admin',
    permissions: ['expenses:administer'],
  }),
  defineRequirement({
    ...tool,
    name: 'nightly_totals',
    scopes: ['expenses:totals'],
    tier: 'read-only',
    callers: 'machine',
  }),
  defineRequirement({
    kind: 'resource',
    name: 'expense://{id}',
    base: 'mcp:resources',
    scopes: ['expenses:read'],
    tier: 'read-only',
  }),
  defineRequirement({
    kind: 'prompt',
    name: 'expense_report',
    base: 'mcp:prompts',
    scopes: [],
    tier: 'read-only',
  }),
];

export const catalogue = createCatalogue(requirements);

/** The catalogue and a tool `pay` with this rule on its arguments. */
export function ruled(forArguments: Requirement['forArguments']): Catalogue {
  const pay = { ...tool, name: 'pay', scopes: ['expenses:write'], tier: 'read-only', forArguments } as const;
  return createCatalogue([...requirements, defineRequirement(pay)]);
}

export const rolePolicy = createRolePolicy({
  roles: {
    manager: ['expenses:approve'],
    finance: ['expenses:administer', 'expenses:approve'],
  },
  groups: { '/acme/finance': { roles: ['finance'] }, '/acme/readers': { scopes: ['expenses:read'] } },
});
