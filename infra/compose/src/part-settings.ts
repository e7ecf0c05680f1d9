import { tenants } from '@mcp-obo/platform';
import {
  brokerConfig,
  downstreamApiConfig,
  mcpServerConfig,
  peopleSeed,
  type World,
} from '@mcp-obo/platform/config';
import { addressOf, inside } from './addresses.ts';

/** Where files of a part lie in its container. */
export const mounted = '/run/mcp-obo';

/** Ways to Redis: one to all of it, and one to the list of what is revoked alone. */
export interface RedisAccess {
  readonly url: string;
  readonly revocationsUrl: string;
}

/** Configuration files of the apps: the platform's own, at the addresses of this network and under TLS. */
export function partSettings(world: World, redis: RedisAccess): Readonly<Record<string, object>> {
  const revocations = { url: redis.revocationsUrl };
  return {
    'mcp-server': {
      ...withoutAuditFile(mcpServerConfig(world)),
      listen: listen('mcp-server', { client_ca: { file: `${mounted}/ca.crt` } }),
      issuers: issuersOf(world),
      allow_private: ['keycloak'],
      redis: { url: redis.url },
      revocations,
    },
    broker: {
      ...withoutAuditFile(brokerConfig(world)),
      listen: listen('broker'),
      issuers: issuersOf(world).map((issuer) => ({
        ...issuer,
        token_endpoint: endpoint(issuer.tenant, 'token'),
      })),
      // The issuers have the address of the edge on this machine; the broker asks them at the part itself.
      network: { allow_loopback: true, allow_private: ['keycloak'] },
      cache: { url: redis.url },
      seal: { keys: { file: world.files.sealKeys } },
    },
    'downstream-api': {
      ...withoutAuditFile(downstreamApiConfig(world)),
      listen: listen('downstream-api'),
      issuers: issuersOf(world).map((issuer) => ({ ...issuer, audiences: ['api://expenses'] })),
      allow_private: ['keycloak'],
      revocations,
    },
    people: peopleSeed(world),
  };
}

function listen(part: 'mcp-server' | 'broker' | 'downstream-api', more: object = {}): object {
  const tls = { key: { file: `${mounted}/tls.key` }, cert: { file: `${mounted}/tls.crt` }, ...more };
  return { host: '0.0.0.0', port: inside[part], tls };
}

/** Users and tokens know an issuer by its address outside; its keys are fetched inside. */
function issuersOf({ urls, profile }: World) {
  return tenants.map(({ name }) => ({
    tenant: name,
    issuer: urls.issuers[name],
    profile,
    jwks_uri: endpoint(name, 'certs'),
  }));
}

function endpoint(realm: string, name: 'certs' | 'token'): string {
  return `${addressOf('keycloak')}/realms/${realm}/protocol/openid-connect/${name}`;
}

/** Records go to standard output, where the engine takes them. */
function withoutAuditFile(settings: object): object {
  const { audit_file: _, ...rest } = settings as { audit_file?: string };
  return rest;
}
