import { ConfigError } from '@mcp-obo/config';
import { createMcpGuard, type McpGuard, type McpGuardOptions } from '@mcp-obo/mcp';
import type { Tier, TierName } from '@mcp-obo/scopes';
import { trustedIssuer } from '@mcp-obo/service/issuer';
import { authoritiesFrom } from '@mcp-obo/service/tls';
import type { Config } from './config.ts';
import type { LargeAmounts } from './tools/expenses-tools.ts';

/** The guard. What it refuses is a setting, as there is nothing else it is made from: a `ConfigError`. */
export function guardOf(options: McpGuardOptions): McpGuard {
  try {
    return createMcpGuard(options);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new ConfigError([{ setting: 'roles, groups or tiers', problem: error.message }]);
  }
}

/** The settings of the guard, by its own names. */
export function guardOptions(config: Config): Omit<McpGuardOptions, 'requirements'> {
  return {
    resource: config.resource,
    resourceName: config.resource_name,
    resourceDocumentation: config.resource_documentation,
    allowedHosts: config.allowed_hosts,
    allowedOrigins: config.allowed_origins,
    allowPrivate: config.allow_private,
    ...(config.issuer_ca !== undefined && { issuerCa: authoritiesFrom(config.issuer_ca, 'issuer_ca') }),
    firstScopes: config.required_scopes,
    toolErrorClients: config.tool_error_clients,
    issuers: config.issuers.map(trustedIssuer),
    ...(config.interactions !== undefined && {
      interactions: {
        url: interactionUrl(config),
        lifetimeSeconds: config.interactions.link_seconds,
        waitSeconds: config.interactions.wait_seconds,
      },
    }),
    roles: {
      roles: config.roles,
      groups: Object.fromEntries(Object.entries(config.groups).map(([path, roles]) => [path, { roles }])),
    },
    tiers: Object.fromEntries(Object.entries(config.tiers).map(([name, tier]) => [name, tierOf(tier)])),
  };
}

/** Where users are asked; undefined when they are not. */
export function interactionUrl({ interactions, resource }: Config): string | undefined {
  return interactions && (interactions.url ?? new URL('/interaction', resource).href);
}

/** What an approval of a large amount needs, by the tier's names. */
export function largeAmounts({ large_amounts: { above, ...demand } }: Config): LargeAmounts {
  return { above, demand: tierOf(demand) };
}

function tierOf(tier: NonNullable<Config['tiers'][TierName]>): Partial<Tier> {
  return {
    ...(tier.max_token_age === undefined ? {} : { maxTokenAge: tier.max_token_age }),
    ...(tier.max_login_age === undefined ? {} : { maxLoginAge: tier.max_login_age }),
    ...(tier.acr_values === undefined ? {} : { acrValues: tier.acr_values }),
    ...(tier.login_by_link === undefined ? {} : { loginByLink: tier.login_by_link }),
    ...(tier.approval === undefined ? {} : { approval: tier.approval }),
  };
}
