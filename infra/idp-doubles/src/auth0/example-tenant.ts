import type { JSONWebKeySet } from 'jose';
import type { Auth0Tenant, TokenDialect } from './tenant.ts';

/** Ids of the example tenant. */
export const auth0Ids = {
  mcpApi: 'http://127.0.0.1:4000/mcp',
  expensesApi: 'api://expenses',
  mcpServer: 'mcpServerClient00000000000000001',
  desktopClient: 'desktopClient0000000000000000002',
  alice: 'auth0|alice0000000000000000001',
  bob: 'auth0|bob000000000000000000002',
} as const;

/** The expenses domain: an MCP server that is both API and Custom API client, and the expenses API behind it. */
export function exampleAuth0Tenant(
  options: { mcpAudience?: string; dialect?: TokenDialect; jwks?: JSONWebKeySet } = {},
): Auth0Tenant {
  const dialect = options.dialect ?? 'rfc9068_profile_authz';
  const mcpApi = options.mcpAudience ?? auth0Ids.mcpApi;
  return {
    apis: [
      {
        identifier: mcpApi,
        scopes: ['mcp:tools:execute', 'expenses:read', 'expenses:write'],
        dialect,
      },
      {
        identifier: auth0Ids.expensesApi,
        scopes: ['api:expenses.read', 'api:expenses.write', 'api:expenses.admin', 'api:expenses.totals'],
        dialect,
        lifetime: 3600,
      },
    ],
    clients: [
      {
        clientId: auth0Ids.mcpServer,
        secret: 'example-secret',
        appType: 'resource_server',
        resourceServerIdentifier: mcpApi,
        onBehalfOf: true,
        ...(options.jwks === undefined ? {} : { jwks: options.jwks }),
      },
      { clientId: auth0Ids.desktopClient, secret: 'desktop-secret', appType: 'native' },
    ],
    clientGrants: [
      {
        clientId: auth0Ids.mcpServer,
        audience: auth0Ids.expensesApi,
        scopes: ['api:expenses.read', 'api:expenses.write'],
        subjectType: 'user',
      },
      {
        clientId: auth0Ids.mcpServer,
        audience: auth0Ids.expensesApi,
        scopes: ['api:expenses.totals'],
        subjectType: 'client',
      },
    ],
    users: [
      {
        id: auth0Ids.alice,
        permissions: {
          [mcpApi]: ['mcp:tools:execute', 'expenses:read', 'expenses:write'],
          [auth0Ids.expensesApi]: ['api:expenses.read', 'api:expenses.write'],
        },
      },
      { id: auth0Ids.bob, permissions: { [auth0Ids.expensesApi]: ['api:expenses.read'] } },
    ],
  };
}
