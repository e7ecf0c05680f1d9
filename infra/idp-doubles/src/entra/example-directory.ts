import type { Consent, EntraDirectory, EntraSecret, FederatedCredential } from './directory.ts';

/** Ids of the example directory. */
export const entraIds = {
  tenant: '5f1c9b7e-0c5e-4b5b-9b1e-2f6a3c1d0a01',
  mcpServer: '8d2f6a10-7b0c-4f7e-8f35-6c1f3b9a2b02',
  expensesApi: 'c3e7a4d2-91f8-4a0b-a1c4-0d5b7e8f3c03',
  legacyApi: '0b9d5e63-2a47-4c8e-b6d9-7e1f0a2c4d04',
  desktopClient: '77a1c0de-3f5b-4d2a-9c8e-5b6f4e3d2e05',
  alice: 'a11ce000-1111-4222-8333-444455556606',
  bob: 'b0b00000-1111-4222-8333-444455556607',
} as const;

/** What a test may vary in the example directory. */
export interface ExampleDirectoryOptions {
  readonly secrets?: readonly EntraSecret[];
  /** PEM certificates of the MCP server's registration. */
  readonly certificates?: readonly string[];
  /** Identity providers whose tokens are credentials of the MCP server's registration. */
  readonly federatedCredentials?: readonly FederatedCredential[];
  /** Redirect URIs of the MCP server's registration. */
  readonly redirectUris?: readonly string[];
  /** Consents in place of those that let the MCP server call both APIs. */
  readonly consents?: readonly Consent[];
  /** Groups of Alice. */
  readonly groups?: readonly string[];
}

/**
 * One tenant of the expenses domain: an MCP server as middle tier, the expenses API behind it (v2.0
 * tokens), an older API (v1.0 tokens), a public client, and the users Alice and Bob.
 */
export function exampleEntraDirectory(options: ExampleDirectoryOptions = {}): EntraDirectory {
  return {
    tenants: [
      {
        id: entraIds.tenant,
        users: [
          {
            oid: entraIds.alice,
            upn: 'alice@acme.example',
            name: 'Alice',
            ...(options.groups === undefined ? {} : { groups: options.groups }),
            roles: { [entraIds.mcpServer]: ['employee'], [entraIds.expensesApi]: ['employee'] },
          },
          { oid: entraIds.bob, upn: 'bob@acme.example', name: 'Bob' },
        ],
        apps: [
          {
            appId: entraIds.mcpServer,
            servicePrincipalId: '9e000000-1111-4222-8333-444455556608',
            name: 'mcp-server',
            identifierUris: ['api://mcp-server'],
            accessTokenAcceptedVersion: 2,
            scopes: ['mcp:tools:execute', 'expenses:read', 'expenses:write'],
            secrets: options.secrets ?? [{ value: 'example-secret' }],
            ...(options.certificates === undefined ? {} : { certificates: options.certificates }),
            ...(options.federatedCredentials === undefined
              ? {}
              : { federatedCredentials: options.federatedCredentials }),
            ...(options.redirectUris === undefined ? {} : { redirectUris: options.redirectUris }),
            optionalClaims: ['groups', 'idtyp', 'xms_cc'],
          },
          {
            appId: entraIds.expensesApi,
            servicePrincipalId: '9e000000-1111-4222-8333-444455556609',
            name: 'expenses-api',
            identifierUris: ['api://expenses'],
            accessTokenAcceptedVersion: 2,
            scopes: ['api:expenses.read', 'api:expenses.write', 'api:expenses.admin'],
            optionalClaims: ['idtyp', 'xms_cc'],
          },
          {
            appId: entraIds.legacyApi,
            servicePrincipalId: '9e000000-1111-4222-8333-444455556610',
            name: 'legacy-api',
            identifierUris: ['api://legacy'],
            accessTokenAcceptedVersion: 1,
            scopes: ['user_impersonation'],
          },
          {
            appId: entraIds.desktopClient,
            servicePrincipalId: '9e000000-1111-4222-8333-444455556611',
            name: 'desktop-client',
            accessTokenAcceptedVersion: 2,
          },
        ],
        consents: options.consents ?? [
          {
            client: entraIds.mcpServer,
            resource: entraIds.expensesApi,
            scopes: ['api:expenses.read', 'api:expenses.write'],
          },
          { client: entraIds.mcpServer, resource: entraIds.legacyApi, scopes: ['user_impersonation'] },
        ],
        appRoleAssignments: [
          { client: entraIds.mcpServer, resource: entraIds.expensesApi, roles: ['api:expenses.totals'] },
        ],
      },
    ],
  };
}
