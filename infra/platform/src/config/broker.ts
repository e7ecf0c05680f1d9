import { brokerClientId, exchangeRules, interactiveClient, machine, target, tenants } from '../domain.ts';
import type { World } from './world.ts';

/** Configuration of apps/broker: one client, its registration at each issuer, one target, deny by default. */
export function brokerConfig({ profile, urls, ports, files, redis, logLevel }: World): object {
  const names = tenants.map(({ name }) => name);
  return {
    issuer: urls.broker,
    listen: { host: '127.0.0.1', port: ports.broker },
    issuers: names.map((tenant) => ({
      tenant,
      issuer: urls.issuers[tenant],
      profile,
      logout_audiences: [interactiveClient.client_id],
    })),
    clients: [
      {
        id: brokerClientId,
        auth: { method: 'private_key_jwt', jwks: { file: files.brokerClientJwks } },
        upstream: names.map((tenant) => ({
          issuer: urls.issuers[tenant],
          client_id: urls.mcp,
          method: 'client_secret_basic',
          secret: { file: files.registration[tenant] },
        })),
      },
    ],
    resources: [{ uri: urls.mcp, owner: brokerClientId, tenants: names, targets: [target.name] }],
    targets: [
      {
        name: target.name,
        audience: target.audience,
        scopes: [...target.scopes],
        machine_scopes: [...target.machineScopes],
      },
    ],
    policy: {
      version: '1',
      rules: [
        ...exchangeRules.map(({ subject, scopes }) => ({
          clients: [brokerClientId],
          target: target.name,
          tenants: names,
          subject_scopes: [subject],
          scopes,
        })),
        {
          clients: [brokerClientId],
          target: target.name,
          tenants: [machine.tenant],
          machine: true,
          scopes: [...target.machineScopes],
        },
      ],
    },
    ...(redis !== undefined && { cache: { url: redis }, seal: { keys: { file: files.sealKeys } } }),
    network: { allow_loopback: true },
    audit_file: files.audit('broker'),
    log_level: logLevel,
  };
}
