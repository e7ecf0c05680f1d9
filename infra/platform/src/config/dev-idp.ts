import {
  type DomainTenant,
  firstScopes,
  interactiveClient,
  machine,
  mcpScopes,
  target,
  tenants,
} from '../domain.ts';
import type { World } from './world.ts';

const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** Configuration of infra/dev-idp: people, registrations and what may be exchanged. */
export function devIdpConfig(world: World): object {
  return {
    listen: { host: '127.0.0.1', port: world.ports['dev-idp'] },
    admin_token: world.secrets.adminToken,
    log_level: world.logLevel,
    tenants: tenants.map((tenant) => tenantConfig(world, tenant)),
  };
}

function tenantConfig({ urls, secrets }: World, { name, users }: DomainTenant): object {
  const withMachine = name === machine.tenant;
  return {
    name,
    users: users.map(({ manager: _, ...user }) => user),
    clients: [
      { ...interactiveClient, application_type: 'native' },
      // The MCP server's own registration: its client id is the resource, so one audience serves all.
      confidential(urls.mcp, secrets.registration[name], [tokenExchange, 'client_credentials']),
      ...(withMachine ? [confidential(machine.clientId, secrets.nightlyJob, ['client_credentials'])] : []),
    ],
    resources: [
      {
        identifier: urls.mcp,
        name: 'Expenses',
        default: true,
        default_scopes: [...firstScopes],
        scopes: Object.entries(mcpScopes).map(([scope, description]) => ({ name: scope, description })),
      },
      {
        identifier: target.audience,
        name: 'Expenses API',
        access_token_ttl: 300,
        scopes: [...target.scopes, ...target.machineScopes],
      },
    ],
    exchange: [{ client: urls.mcp, audience: target.audience, scopes: [...target.scopes] }],
    machine: withMachine
      ? [
          { client: machine.clientId, audience: urls.mcp, scopes: [...machine.scopes] },
          { client: urls.mcp, audience: target.audience, scopes: [...target.machineScopes] },
        ]
      : [],
  };
}

function confidential(client_id: string, client_secret: string, grant_types: readonly string[]): object {
  return {
    client_id,
    client_secret,
    grant_types,
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  };
}
