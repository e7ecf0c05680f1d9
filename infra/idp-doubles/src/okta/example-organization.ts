import type { JSONWebKeySet } from 'jose';
import { tokenExchangeGrant } from '../token-type.ts';
import type { OktaOrganization } from './organization.ts';

/** Ids of the example organization. */
export const oktaIds = {
  mcpAuthorizationServer: 'ausmcp0000000001',
  apiAuthorizationServer: 'ausapi0000000002',
  mcpServer: '0oamcp0000000001',
  desktopClient: '0oadsk0000000002',
  alice: '00ualice00000001',
  bob: '00ubob0000000002',
} as const;

/**
 * The expenses domain with two custom authorization servers: one whose audience is the MCP server, one
 * whose audience is the expenses API and that trusts the first.
 */
export function exampleOrganization(
  options: { mcpAudience?: string; jwks?: JSONWebKeySet } = {},
): OktaOrganization {
  return {
    authorizationServers: [
      {
        id: oktaIds.mcpAuthorizationServer,
        audience: options.mcpAudience ?? 'http://127.0.0.1:4000/mcp',
        scopes: ['mcp:tools:execute', 'expenses:read', 'expenses:write'],
        policies: [],
      },
      {
        id: oktaIds.apiAuthorizationServer,
        audience: 'api://expenses',
        scopes: ['api:expenses.read', 'api:expenses.write', 'api:expenses.admin', 'api:expenses.totals'],
        trustedServers: [oktaIds.mcpAuthorizationServer],
        policies: [
          {
            clients: [oktaIds.mcpServer],
            scopes: ['api:expenses.read', 'api:expenses.write', 'api:expenses.totals'],
          },
        ],
      },
    ],
    clients: [
      {
        clientId: oktaIds.mcpServer,
        secret: 'example-secret',
        grantTypes: [tokenExchangeGrant, 'client_credentials'],
        ...(options.jwks === undefined ? {} : { jwks: options.jwks }),
      },
      { clientId: oktaIds.desktopClient, secret: 'desktop-secret', grantTypes: ['authorization_code'] },
    ],
    users: [
      { id: oktaIds.alice, login: 'alice@acme.example' },
      { id: oktaIds.bob, login: 'bob@acme.example' },
    ],
  };
}
