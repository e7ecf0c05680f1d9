import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TenantName, tenants } from '@mcp-obo/platform';
import { makeSecrets, tenantRealms, type World } from '@mcp-obo/platform/config';
import { type Authority, createAuthority } from '@mcp-obo/testbed/authority';
import { addressOf, inside } from './addresses.ts';
import { renderEdge } from './edge.ts';
import { mounted, partSettings } from './part-settings.ts';

/** What a run of the compose file needs, as files. */
export interface RunFolder {
  readonly path: string;
  /** Where clients come in. */
  readonly origin: string;
  readonly mcpUrl: string;
  /** PEM file of the authority that clients have to trust. */
  readonly authorityFile: string;
}

export interface RunFolderOptions {
  readonly path: string;
  /** Port of the edge on 127.0.0.1. */
  readonly edgePort: number;
  readonly now: () => number;
}

/**
 * Makes secrets, certificates and configuration of one run anew. Only this user can enter the folder; inside,
 * files are readable, since each part reads its own as a user of its own.
 */
export async function writeRunFolder({ path, edgePort, now }: RunFolderOptions): Promise<RunFolder> {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string) => {
    const file = join(path, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, text, { mode: 0o644 });
    // Whatever the umask is: the users of the containers are not this one.
    chmodSync(dirname(file), dirname(file) === path ? 0o700 : 0o755);
    chmodSync(file, 0o644);
  };
  const json = (name: string, value: unknown) => write(name, `${JSON.stringify(value, null, 2)}\n`);

  const origin = `https://127.0.0.1:${edgePort}`;
  const authority = await createAuthority({ now });
  await writeCertificates(authority, write);
  const world = await worldOf(origin);
  const [redisPassword = '', followerPassword = ''] = [0, 1].map(() => randomBytes(32).toString('base64url'));
  const redisAt = (login: string) => `redis://${login}@redis:${inside.redis}`;
  const settings = partSettings(world, {
    url: redisAt(`:${redisPassword}`),
    revocationsUrl: redisAt(`follower:${followerPassword}`),
  });
  for (const name of ['mcp-server', 'broker', 'downstream-api']) json(`${name}/config.yaml`, settings[name]);
  json('downstream-api/people.yaml', settings.people);
  write('mcp-server/broker-client.pem', world.secrets.brokerClient.privateKeyPem);
  json('broker/broker-client.jwks.json', world.secrets.brokerClient.jwks);
  write('broker/seal.keys', world.secrets.sealKey);
  for (const { name } of tenants)
    write(`broker/registration-${name}`, world.secrets.registration[name as TenantName]);
  write('redis/redis.conf', redisSettings(redisPassword, followerPassword));
  for (const realm of tenantRealms(world)) json(`keycloak/import/${realm.realm}-realm.json`, realm);
  const edge = renderEdge({
    listen: `0.0.0.0:${inside.edge}`,
    authority: new URL(origin).host,
    certificate: `${mounted}/tls.crt`,
    certificateKey: `${mounted}/tls.key`,
    mcpServer: `mcp-server:${inside['mcp-server']}`,
    identityProvider: `keycloak:${inside.keycloak}`,
    identityProviderScheme: 'https',
    realms: tenants.map(({ name }) => name),
    stateFolder: '/tmp',
    accessLog: '/dev/stdout',
    workers: 'auto',
    inwardFile: `${mounted}/inward.conf`,
    inward: {
      certificate: `${mounted}/inward.crt`,
      certificateKey: `${mounted}/inward.key`,
      authority: `${mounted}/ca.crt`,
    },
  });
  write('edge/nginx.conf', edge.main);
  write('edge/inward.conf', edge.inward);
  return { path, origin, mcpUrl: world.urls.mcp, authorityFile: join(path, 'ca.crt') };
}

async function writeCertificates(
  authority: Authority,
  write: (name: string, text: string) => void,
): Promise<void> {
  write('ca.crt', authority.cert);
  const pair = async (folder: string, file: string, names: readonly [string, ...string[]]) => {
    const { cert, key } = await authority.issue(names);
    write(`${folder}/${file}.crt`, cert);
    write(`${folder}/${file}.key`, key);
    write(`${folder}/ca.crt`, authority.cert);
  };
  for (const part of ['mcp-server', 'broker', 'downstream-api', 'keycloak'] as const)
    await pair(part, 'tls', [part, 'localhost', '127.0.0.1']);
  await pair('edge', 'tls', ['127.0.0.1', 'localhost']);
  await pair('edge', 'inward', ['edge']);
}

async function worldOf(origin: string): Promise<World> {
  const issuer = (tenant: TenantName) => `${origin}/realms/${tenant}`;
  return {
    // Not used: every part has an address of its own, see `partSettings`.
    ports: { 'dev-idp': 0, 'downstream-api': 0, broker: 0, 'mcp-server': 0, otlp: 0 },
    urls: {
      mcp: `${origin}/mcp`,
      broker: addressOf('broker'),
      downstream: addressOf('downstream-api'),
      idp: origin,
      issuer: issuer('acme'),
      issuers: { acme: issuer('acme'), globex: issuer('globex') },
    },
    secrets: await makeSecrets(),
    profile: 'keycloak',
    logLevel: 'info',
    files: {
      registration: { acme: `${mounted}/registration-acme`, globex: `${mounted}/registration-globex` },
      brokerClientKey: `${mounted}/broker-client.pem`,
      brokerClientJwks: `${mounted}/broker-client.jwks.json`,
      sealKeys: `${mounted}/seal.keys`,
      people: `${mounted}/people.yaml`,
      audit: (part) => `/tmp/${part}.jsonl`,
      outbox: '/tmp/outbox.jsonl',
    },
  };
}

/** What it takes to follow the list of what is revoked (docs/configuration.md), and nothing else of Redis. */
const followerRights =
  '~mcp-obo:v1:{revocations}:* -@all +get +set +del +exists +xadd +xread +xtrim +xinfo|stream +time +eval ' +
  '+evalsha +hello +auth +ping +info';

/** Nothing on disk: what is kept is a cache, sealed, and worth nothing after a restart. */
function redisSettings(password: string, followerPassword: string): string {
  return [
    `port ${inside.redis}`,
    'bind * -::*',
    'protected-mode yes',
    `requirepass ${password}`,
    `user follower on >${followerPassword} ${followerRights}`,
    'save ""',
    'appendonly no',
    'maxmemory 128mb',
    'maxmemory-policy noeviction',
    'dir /tmp',
    '',
  ].join('\n');
}
