import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  healthUrl,
  type PartName,
  type Ports,
  partNames,
  portsFrom,
  takenPorts,
  type Urls,
  urlsOf,
} from './addresses.ts';
import { distort, refuseBreak, switchFaultOn } from './breaks.ts';
import { brokerConfig } from './config/broker.ts';
import { devIdpConfig } from './config/dev-idp.ts';
import { downstreamApiConfig, peopleSeed } from './config/downstream-api.ts';
import { mcpServerConfig } from './config/mcp-server.ts';
import type { World } from './config/world.ts';
import { type DomainUser, interactiveClient, machine, type TenantName, tenants } from './domain.ts';
import { type IdentityProvider, type IdpKind, idpTraits } from './idp/identity-provider.ts';
import { startKeycloakIdp } from './idp/keycloak.ts';
import { startOwnRedis } from './own-redis.ts';
import { type Part, startPart } from './part.ts';
import { partEnvironment } from './part-environment.ts';
import type { PlatformOptions } from './platform-options.ts';
import { createRunDir, makeLogDir, type RunDir } from './run-dir.ts';
import { makeSecrets, type Secrets } from './secrets.ts';

export interface PlatformUser extends DomainUser {
  readonly tenant: TenantName;
  readonly issuer: string;
}

/** The platform, up. */
export interface Platform {
  readonly idp: IdentityProvider;
  /** URL of the broker's Redis; undefined: memory. */
  readonly redis: string | undefined;
  readonly urls: Urls;
  readonly ports: Ports;
  /** Everybody who can log in, and where. */
  readonly users: readonly PlatformUser[];
  /** Registrations that a client can use. */
  readonly clients: {
    readonly interactive: { readonly client_id: string; readonly redirect_uris: readonly string[] };
    /** The job without a user. */
    readonly nightlyJob: {
      readonly client_id: string;
      readonly client_secret: string;
      readonly issuer: string;
    };
  };
  /** The secrets of the parts, for tests that act as one of them. */
  readonly secrets: Secrets;
  /** Private folder with configuration and secrets; removed by `stop`. */
  readonly runDir: string;
  /** Log of a part; Keycloak's is that of `dev-idp`. */
  readonly logFile: (part: PartName) => string;
  readonly auditFile: (part: PartName) => string;
  readonly pids: Readonly<Record<PartName, number>>;
  /** Resolves with a sentence when a part ends by itself. */
  readonly failed: Promise<string>;
  /** Ends all processes and removes the run folder. May be called more than once. */
  readonly stop: () => Promise<void>;
}

const configs: Readonly<Record<PartName, (world: World) => object>> = {
  'dev-idp': devIdpConfig,
  'downstream-api': downstreamApiConfig,
  broker: brokerConfig,
  'mcp-server': mcpServerConfig,
};

const embedded: IdentityProvider = { kind: 'embedded', version: versionAt('../../dev-idp/package.json') };

/** The script of each part; apps are run, never imported. */
const scripts: Readonly<Record<PartName, string>> = {
  'dev-idp': scriptAt('../../dev-idp/src/main.ts'),
  'downstream-api': scriptAt('../../../apps/downstream-api/src/main.ts'),
  broker: scriptAt('../../../apps/broker/src/main.ts'),
  'mcp-server': scriptAt('../../../apps/mcp-server/src/main.ts'),
};

/**
 * Starts the whole platform as separate processes with configuration files of their own and waits until all
 * answer. Rejects with one sentence that names the part, after everything that was started has ended. When
 * this process ends first, however it ends, the parts end too.
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const ports = options.ports ?? portsFrom(options.basePort ?? 4000);
  await refuseTakenPorts(ports);
  const kind = options.idp ?? 'embedded';
  if (options.breakHop !== undefined) refuseBreak(options.breakHop, kind);
  const urls = urlsOf(ports, kind);
  const secrets = await makeSecrets();
  const kept = options.logDir === undefined ? undefined : makeLogDir(options.logDir);
  const runDir = createRunDir();
  const keep = kept ?? makeLogDir(join(runDir.path, 'logs'));
  const logFile = (part: string) => join(keep, `${part}.log`);
  const auditFile = (part: string) => join(keep, `${part}.audit.jsonl`);

  const parts: Pick<Part, 'pid' | 'ended' | 'stop' | 'kill'>[] = [];
  const pids: Partial<Record<PartName, number>> = {};
  let idp: IdentityProvider = embedded;
  let redis = options.redis;
  const atExit = () => {
    for (const part of parts) part.kill();
    runDir.remove();
  };
  process.once('exit', atExit);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      for (const part of parts.toReversed()) await part.stop();
      runDir.remove();
      process.removeListener('exit', atExit);
    })();
    return stopping;
  };

  try {
    if (redis === 'own') {
      const own = await startOwnRedis({ ...options, runDir: runDir.path, logFile: logFile('redis') });
      parts.push(own);
      redis = own.url;
    }
    const world = writeWorld({
      options: { ...options, redis },
      kind,
      ports,
      urls,
      secrets,
      runDir,
      auditFile,
    });
    if (kind === 'keycloak') {
      const keycloak = await startKeycloakIdp({
        ...options,
        ports,
        urls,
        secrets,
        runDir: runDir.path,
        logFile: logFile('dev-idp'),
      });
      parts.push({ ...keycloak, ended: keycloak.failed });
      pids['dev-idp'] = keycloak.pid;
      idp = keycloak;
    }
    const own = partNames.filter((name) => name !== 'dev-idp' || kind === 'embedded');
    const started = own.map((name) => {
      const config = {
        ...distort(options.breakHop, name, configs[name](world)),
        ...options.settings?.[name],
      };
      const part = startPart({
        name,
        script: scripts[name],
        configFile: runDir.yaml(`${name}.yaml`, config),
        logFile: logFile(name),
        healthUrl: healthUrl(ports, name),
        env: { ...partEnvironment(options, name), MCP_OBO_RUN_DIR: runDir.path },
      });
      parts.push(part);
      pids[name] = part.pid;
      return part;
    });
    await Promise.all(started.map((part) => part.ready(options.signal)));
    if (options.breakHop !== undefined) await switchFaultOn(options.breakHop, urls, secrets);
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    idp,
    redis,
    urls,
    ports,
    users: tenants.flatMap(({ name: tenant, users }) =>
      users.map((user) => ({ ...user, tenant, issuer: urls.issuers[tenant] })),
    ),
    clients: {
      interactive: interactiveClient,
      nightlyJob: {
        client_id: machine.clientId,
        client_secret: secrets.nightlyJob,
        issuer: urls.issuers[machine.tenant],
      },
    },
    secrets,
    runDir: runDir.path,
    logFile,
    auditFile,
    pids: pids as Record<PartName, number>,
    failed: Promise.race(parts.map(({ ended }) => ended)),
    stop,
  };
}

function versionAt(path: string): string {
  const file = readFileSync(new URL(path, import.meta.url), 'utf8');
  return String((JSON.parse(file) as { version?: string }).version);
}

function scriptAt(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

async function refuseTakenPorts(ports: Ports): Promise<void> {
  const taken = await takenPorts(ports);
  if (taken.length === 0) return;
  const list = taken.map(({ part, port }) => `${port} (${part})`).join(', ');
  throw new Error(
    `In use on 127.0.0.1: port ${list}. Stop what listens there, or move all ports, e.g. with --ports 4100.`,
  );
}

function writeWorld(given: {
  options: PlatformOptions;
  kind: IdpKind;
  ports: Ports;
  urls: Urls;
  secrets: Secrets;
  runDir: RunDir;
  auditFile: (part: string) => string;
}): World {
  const { options, kind, ports, urls, secrets, runDir, auditFile } = given;
  const secretFile = (name: string, content: string) => runDir.text(`secrets/${name}`, content);
  return {
    ports,
    urls,
    secrets,
    profile: idpTraits[kind].profile,
    ...(options.redis !== undefined && { redis: options.redis }),
    logLevel: options.logLevel ?? 'info',
    files: {
      registration: {
        acme: secretFile('registration-acme', secrets.registration.acme),
        globex: secretFile('registration-globex', secrets.registration.globex),
      },
      brokerClientKey: secretFile('broker-client.pem', secrets.brokerClient.privateKeyPem),
      brokerClientJwks: runDir.text('broker-client.jwks.json', JSON.stringify(secrets.brokerClient.jwks)),
      sealKeys: secretFile('seal.keys', secrets.sealKey),
      people: runDir.yaml('people.yaml', peopleSeed({ urls })),
      audit: auditFile,
      outbox: join(runDir.path, 'outbox.jsonl'),
    },
  };
}
