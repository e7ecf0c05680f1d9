import { brokerClientId, firstScopes, target, tenants } from '../domain.ts';
import type { World } from './world.ts';

/** Web origins of MCP Inspector. */
export const inspectorOrigins = ['http://localhost:6274', 'http://127.0.0.1:6274'];

/** Configuration of apps/mcp-server: its issuers, and the broker as the way to the target. */
export function mcpServerConfig({ profile, urls, ports, secrets, files, redis, logLevel }: World): object {
  return {
    listen: { host: '127.0.0.1', port: ports['mcp-server'] },
    resource: urls.mcp,
    allowed_origins: inspectorOrigins,
    issuers: tenants.map(({ name }) => ({ tenant: name, issuer: urls.issuers[name], profile })),
    required_scopes: [...firstScopes],
    exchange: {
      token_endpoint: `${urls.broker}/token`,
      issuer: urls.broker,
      client_id: brokerClientId,
      private_key: { file: files.brokerClientKey },
      key_id: secrets.brokerClient.kid,
    },
    // One person at one machine tries more in a minute than a user of a deployment does.
    rate_limit_rpm: 6000,
    // Asking the user for approval is not built yet (sc:approval); without it no call of this tier could run.
    tiers: { admin: { approval: 'never' } },
    downstream: { url: urls.downstream, target: target.name, audience: target.audience },
    ...(redis !== undefined && { revocations: { url: redis } }),
    audit_file: files.audit('mcp-server'),
    outbox_file: files.outbox,
    log_level: logLevel,
  };
}
