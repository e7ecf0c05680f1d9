/** A person of the example domain, the same on every identity provider. */
export interface DomainUser {
  readonly username: string;
  readonly password: string;
  /** Fixed and opaque, as a real issuer's: nothing may lean on it being the user name. */
  readonly sub: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly string[];
  /** User name of the manager. */
  readonly manager?: string;
}

export type TenantName = 'acme' | 'globex';

export interface DomainTenant {
  readonly name: TenantName;
  readonly users: readonly DomainUser[];
}

/** Tenants and their people: passwords are for development and stand in the documentation. */
export const tenants: readonly DomainTenant[] = [
  {
    name: 'acme',
    users: [
      user('acme', 'alice', '5b0e6e1c-3f4f-4a53-9a55-0f2f4b6f1a01', 'Alice Archer', ['employee'], 'maria'),
      user('acme', 'bob', '0c9d2f57-6a1e-4d55-8a0f-7be1c6a4d202', 'Bob Baker', ['employee'], 'maria'),
      user('acme', 'maria', 'e2a74c90-1d3b-4c86-b7e1-93f0a5d7c303', 'Maria Moreno', ['manager']),
      user('acme', 'frank', '93c1b8d4-70e5-4f2a-8d19-2ce64b9f0404', 'Frank Fischer', ['finance']),
      user('acme', 'audrey', 'b6f5d0a2-8c47-4e9b-a1f3-58d07c2e6505', 'Audrey Adams', ['auditor']),
    ],
  },
  {
    name: 'globex',
    users: [user('globex', 'gina', '7d21e9f8-4b6a-4c05-9e3d-a0b85f17c606', 'Gina Gomez', ['employee'])],
  },
];

/** Scopes of the MCP server, with the words of the consent page. */
export const mcpScopes: Readonly<Record<string, string>> = {
  'mcp:tools': 'See and use the tools',
  'mcp:tools:read': 'See which tools there are',
  'mcp:tools:execute': 'Use tools in your name',
  'mcp:resources': 'Read resources in your name',
  'mcp:prompts': 'Use prompts',
  'expenses:read': 'See the expenses that you may see',
  'expenses:write': 'Hand in expenses in your name',
  'expenses:approve': 'Approve expenses in your name',
  'expenses:admin': 'Administer and delete expenses',
  'expenses:export': 'Send reports out of the company',
  'expenses:totals': 'Compute totals over all expenses',
};

/** What a first login asks for. */
export const firstScopes = ['mcp:tools:execute', 'expenses:read'] as const;

/** The target of the exchange. */
export const target = {
  name: 'expenses-api',
  audience: 'api://expenses',
  /** For users. */
  scopes: ['api:expenses.read', 'api:expenses.write', 'api:expenses.approve', 'api:expenses.admin'],
  /** For machines. */
  machineScopes: ['api:expenses.totals'],
} as const;

/** What a subject token must hold for which scopes of the target. Nothing else is exchanged. */
export const exchangeRules: readonly { readonly subject: string; readonly scopes: readonly string[] }[] = [
  { subject: 'expenses:read', scopes: ['api:expenses.read'] },
  { subject: 'expenses:export', scopes: ['api:expenses.read'] },
  { subject: 'expenses:write', scopes: ['api:expenses.write'] },
  { subject: 'expenses:approve', scopes: ['api:expenses.approve'] },
  { subject: 'expenses:admin', scopes: ['api:expenses.admin'] },
];

/** The job without a user; it is registered at `acme`. */
export const machine = {
  clientId: 'nightly-job',
  tenant: 'acme',
  scopes: ['mcp:tools:execute', 'expenses:totals'],
} as const;

/** A public client that is registered in advance, for people and tests without registration of their own. */
export const interactiveClient = {
  client_id: 'mcp-obo-dev',
  client_name: 'A client on this machine',
  // RFC 8252 §7.3: a native client may come back to any port of these.
  redirect_uris: [
    'http://127.0.0.1/callback',
    'http://127.0.0.1/oauth/callback',
    'http://localhost/callback',
    'http://localhost/oauth/callback',
  ],
} as const;

/** Id of the MCP server as a client of the broker. */
export const brokerClientId = 'mcp-server';

function user(
  tenant: TenantName,
  username: string,
  sub: string,
  name: string,
  roles: readonly string[],
  manager?: string,
): DomainUser {
  const email = `${username}@${tenant}.example`;
  return { username, password: `${username}-password`, sub, name, email, roles, ...(manager && { manager }) };
}
