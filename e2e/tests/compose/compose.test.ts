import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Compose, startCompose } from '@mcp-obo/compose';
import { tenants } from '@mcp-obo/platform';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const docker = (...args: string[]) => spawnSync('docker', args, { encoding: 'utf8' }).stdout ?? '';
const runs = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const engineThere =
  runs('docker', 'version') && (runs('docker', 'compose', 'version') || runs('docker-compose', 'version'));
const withoutEngine = !engineThere && process.env.CI !== 'true';
const composeScript = fileURLToPath(new URL('../../../infra/compose/src/main.ts', import.meta.url));
const personScript = fileURLToPath(new URL('fixture/person.ts', import.meta.url));

interface Container {
  readonly Id: string;
  readonly Name: string;
  readonly Config: {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Labels: Record<string, string>;
  };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[];
    readonly CapAdd: readonly string[] | null;
    readonly Privileged: boolean;
    readonly SecurityOpt: readonly string[];
    readonly Memory: number;
    readonly PidsLimit: number;
    readonly PortBindings: Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>;
  };
  readonly State: { readonly Health?: { readonly Status: string } };
}

// Reads its list of containers afresh each time: they come and go.
function containersOf(project: string): readonly Container[] {
  const ids = docker('ps', '--quiet', '--filter', `label=com.docker.compose.project=${project}`).split('\n');
  const known = ids.filter((id) => id !== '');
  return known.length === 0 ? [] : (JSON.parse(docker('inspect', ...known)) as Container[]);
}

describe.skipIf(withoutEngine)('the platform in containers', () => {
  let compose: Compose;
  let starting: Promise<Compose> | undefined;
  const ending = new AbortController();
  let port: number;
  let project: string;
  const seen = new Set<string>();

  beforeAll(async () => {
    port = await freePort();
    project = `mcp-obo-test-${port}`;
    starting = startCompose({
      edgePort: port,
      project,
      mayInstall: false,
      say: (line) => void process.stderr.write(`  ${line}\n`),
      registryCaFile: process.env.NODE_EXTRA_CA_CERTS,
      signal: ending.signal,
    });
    compose = await starting;
  }, 1_200_000);
  // Also when the start took too long: what it began goes away.
  afterAll(async () => {
    ending.abort(new Error('The tests are over.'));
    const started = await starting?.catch(() => undefined);
    await started?.stop();
  }, 180_000);

  const service = ({ Config }: Container) => Config.Labels['com.docker.compose.service'] ?? '';

  const people = tenants.flatMap(({ name, users }) => users.map((user) => ({ ...user, tenant: name })));

  async function callsOf(username: string) {
    const { tenant = '', password = '' } = people.find((user) => user.username === username) ?? {};
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [personScript, compose.mcpUrl, tenant, username, password],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: compose.authorityFile } },
    );
    const { calls, secrets } = JSON.parse(stdout) as {
      calls: Record<string, { status: number; toolError?: string; expenses: { owner: string }[] }>;
      secrets: string[];
    };
    for (const secret of secrets) seen.add(secret);
    return calls;
  }

  it('is healthy in every part', () => {
    const containers = containersOf(project);
    expect(Object.fromEntries(containers.map((one) => [service(one), one.State.Health?.Status]))).toEqual({
      edge: 'healthy',
      'mcp-server': 'healthy',
      broker: 'healthy',
      'downstream-api': 'healthy',
      redis: 'healthy',
      keycloak: 'healthy',
    });
  });

  it(verifies(
    'op:tls',
    'lets a user log in through the edge and list expenses, the own ones and nobody else’s',
  ), async () => {
    for (const { status, toolError, expenses } of Object.values(await callsOf('alice'))) {
      expect([status, toolError]).toEqual([200, undefined]);
      expect(expenses.length).toBeGreaterThan(0);
      expect(new Set(expenses.map(({ owner }) => owner))).toEqual(new Set(['alice']));
    }
  }, 180_000);

  it('keeps the other tenant apart', async () => {
    for (const { status, expenses } of Object.values(await callsOf('gina'))) {
      expect(status).toBe(200);
      expect(expenses.filter(({ owner }) => owner !== 'gina')).toEqual([]);
    }
  }, 180_000);

  it(verifies(
    'tb:revocation',
    'has a broker, a server and an API whose view of what is revoked is fresh',
  ), async () => {
    const age = async (part: string) => {
      const [container] = containersOf(project).filter((one) => service(one) === part);
      const read =
        "fetch('http://127.0.0.1:9464/metrics').then((r) => r.text()).then((t) => process.stdout.write(t))";
      const metrics = docker('exec', container?.Id ?? '', 'node', '-e', read);
      return Number(/^mcp_revocation_view_age_seconds(?:\{.*\})? (\S+)$/m.exec(metrics)?.[1]);
    };
    for (const part of ['broker', 'mcp-server', 'downstream-api'])
      await expect.poll(() => age(part), { timeout: 30_000 }).toBeLessThan(5);
  }, 120_000);

  it('shows the outside nothing but the edge, on this machine only', () => {
    const published = containersOf(project).flatMap((container) =>
      Object.values(container.HostConfig.PortBindings ?? {}).flatMap((bindings) =>
        bindings.map(({ HostIp, HostPort }) => [service(container), HostIp, HostPort]),
      ),
    );
    expect(published).toEqual([['edge', '127.0.0.1', String(port)]]);
  });

  it(verifies('op:tls', 'refuses TLS 1.2 there'), async () => {
    const handshake = new Promise((resolve, reject) => {
      const ca = readFileSync(compose.authorityFile);
      const socket = connect({ host: '127.0.0.1', port, ca, maxVersion: 'TLSv1.2' }, () => resolve('spoken'));
      socket.once('error', reject);
    });
    await expect(handshake).rejects.toThrow(/alert protocol version/);
  });

  it('runs every part without root, capabilities, a writable file system or more than its share', () => {
    for (const container of containersOf(project)) {
      const { Config, HostConfig } = container;
      expect(`${service(container)} is ${Config.User}`).toMatch(/ is [1-9]\d*(:\d+)?$/);
      expect(HostConfig).toMatchObject({
        ReadonlyRootfs: true,
        Privileged: false,
        CapDrop: ['ALL'],
        SecurityOpt: [expect.stringMatching(/^no-new-privileges/)],
      });
      expect(HostConfig.CapAdd ?? []).toEqual([]);
      expect(HostConfig.Memory).toBeGreaterThan(0);
      expect(HostConfig.PidsLimit).toBeGreaterThan(0);
    }
  });

  it(verifies('op:secrets', 'has no secret in an image, an environment or a command line'), () => {
    const secretFiles = [
      'broker/seal.keys',
      'broker/registration-acme',
      'broker/registration-globex',
      'mcp-server/broker-client.pem',
      'edge/tls.key',
      'redis/redis.conf',
    ];
    const secrets = secretFiles.flatMap((name) =>
      readFileSync(join(compose.path, name), 'utf8')
        .split(/\s+/)
        .filter((word) => word.length >= 32),
    );
    expect(secrets.length).toBeGreaterThanOrEqual(secretFiles.length);
    const images = ['mcp-server', 'broker', 'downstream-api', 'keycloak'].map(
      (name) => `mcp-obo/${name}:local`,
    );
    const told = [
      ...images.map((image) => docker('history', '--no-trunc', image) + docker('image', 'inspect', image)),
      JSON.stringify(containersOf(project)),
    ].join('\n');
    expect(told.length).toBeGreaterThan(1000);
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  });

  it(verifies('op:redaction', 'logs no token, code or verifier of the logins above'), async () => {
    const logs = await compose.logs();
    expect(logs).toContain('"msg":"listening"');
    expect(seen.size).toBe(8);
    // Of a JWT the payload and the signature; a code of Keycloak begins with what is secret, ids follow.
    const pieces = [...seen].flatMap((secret) => {
      const parts = secret.split('.');
      return secret.startsWith('ey') ? parts.slice(1) : parts.slice(0, 1);
    });
    expect(pieces.every((piece) => piece.length >= 32)).toBe(true);
    expect(pieces.filter((piece) => logs.includes(piece.slice(0, 24)))).toEqual([]);
  });

  it('leaves nothing behind', async () => {
    await compose.stop();
    expect(leftOf(project)).toEqual([]);
    expect(existsSync(compose.path)).toBe(false);
  }, 120_000);

  it('leaves nothing behind either when whoever started it is killed in the middle of the start', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-killed-'));
    const killed = `mcp-obo-${port}`;
    const env = { ...process.env, TMPDIR: folder };
    const starter = spawn(process.execPath, [composeScript, '--port', String(port), '--no-install'], { env });
    try {
      const begun = () => leftOf(killed).some((line) => line.startsWith('container'));
      await expect.poll(begun, { timeout: 240_000, interval: 100 }).toBe(true);
      starter.kill('SIGKILL');
      await expect.poll(() => leftOf(killed), { timeout: 60_000, interval: 500 }).toEqual([]);
      // The compose that was starting containers may just have made another.
      await sleep(6000);
      expect(leftOf(killed)).toEqual([]);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      starter.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  }, 360_000);
});

/** What the engine has of a project, as `container 0123…`. */
function leftOf(project: string): readonly string[] {
  return ['container', 'network', 'volume'].flatMap((kind) => {
    const all = kind === 'container' ? ['--all'] : [];
    const filter = `label=com.docker.compose.project=${project}`;
    return docker(kind, 'ls', ...all, '--quiet', '--filter', filter)
      .split('\n')
      .filter((id) => id !== '')
      .map((id) => `${kind} ${id}`);
  });
}
