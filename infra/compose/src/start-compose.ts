import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type AtEnd,
  atEnd,
  type ComposeCommand,
  createDocker,
  type Docker,
  ensureCompose,
  ensureImages,
  openEngine,
  type RunCommand,
  runCommand,
} from '@mcp-obo/images';
import { type RunFolder, writeRunFolder } from './run-folder.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

export interface ComposeOptions {
  /** Port of the edge on 127.0.0.1. */
  readonly edgePort: number;
  /** Name of the project; containers and networks carry it. */
  readonly project: string;
  /** Allows to install Debian packages, as root. */
  readonly mayInstall: boolean;
  /** Told what goes on. */
  readonly say: (line: string) => void;
  readonly now?: () => number;
  readonly signal?: AbortSignal;
  readonly run?: RunCommand;
  /** PEM file of authorities that package registries are trusted by; as `NODE_EXTRA_CA_CERTS`. */
  readonly registryCaFile?: string | undefined;
}

/** The platform in containers, up. */
export interface Compose extends RunFolder {
  /** As in `Docker 20.10.24, compose 2.40.3`. */
  readonly engine: string;
  /** Everything the containers wrote so far. */
  readonly logs: () => Promise<string>;
  /** Removes containers, networks, data and the run folder; ends the engine where it was started here. */
  readonly stop: () => Promise<void>;
}

const baseImages = [
  'node:24-bookworm-slim',
  'redis:7-bookworm',
  'nginx:1',
  'quay.io/keycloak/keycloak:26.7.3',
];
const apps = ['mcp-server', 'broker', 'downstream-api'] as const;

/**
 * Makes the images, secrets and certificates, starts everything and waits until it is healthy. Rejects with one
 * sentence, after what was started is gone.
 */
export async function startCompose(options: ComposeOptions): Promise<Compose> {
  const { say, mayInstall, run: plainRun = runCommand, now = Date.now, signal } = options;
  // What tidies up has to run to its end; all else may be cut short.
  const run: RunCommand = (command, args, more) =>
    plainRun(command, args, { ...(signal !== undefined && { signal }), ...more });
  await refuseTakenPort(options.edgePort);
  const engine = await openEngine({ mayInstall, say, run });
  let stop = engine.stop;
  try {
    const compose = await ensureCompose({ mayInstall, say, run });
    await makeImages(options, run);
    signal?.throwIfAborted();
    const path = mkdtempSync(join(tmpdir(), 'mcp-obo-compose-'));
    const call = caller({ compose, run, path, options });
    const tidy = caller({ compose, run: plainRun, path, options });
    const otherwise = tidyAtEnd({ compose, path, options });
    stop = async () => {
      await tidy(down);
      rmSync(path, { recursive: true, force: true });
      otherwise.dismiss();
      await engine.stop();
    };
    const files = await writeRunFolder({ path, edgePort: options.edgePort, now });
    say('Starting the containers; Keycloak takes longest …');
    const up = await call(['up', '--detach', '--no-build']);
    signal?.throwIfAborted();
    if (up.code !== 0) throw new Error(await reason(up.stderr, call));
    await healthy(call, 'edge', run);
    return {
      ...files,
      engine: `${engine.version}, compose ${compose.version}`,
      logs: () => logsOf(call),
      stop,
    };
  } catch (error) {
    await stop();
    signal?.throwIfAborted();
    throw error;
  }
}

/** Milliseconds. */
const edgeWithinMs = 60_000;

const down = ['down', '--volumes', '--remove-orphans', '--timeout', '12'];

type Call = (args: readonly string[]) => ReturnType<RunCommand>;

interface Place {
  readonly compose: ComposeCommand;
  readonly path: string;
  readonly options: ComposeOptions;
}

function caller({ run, ...place }: Place & { readonly run: RunCommand }): Call {
  return (args) => run(place.compose.command, [...prefix(place), ...args], { env: environment(place) });
}

/**
 * Removes all of it should this process end before it can. A compose that was starting containers goes on for a
 * moment without it, so what that makes is removed too.
 */
function tidyAtEnd(place: Place): AtEnd {
  const script = '"$@"; rm -rf "$0"; sleep 5; "$@"';
  const args = ['-c', script, place.path, place.compose.command, ...prefix(place), ...down];
  return atEnd('sh', args, { ...process.env, ...environment(place) });
}

function prefix({ compose, options }: Place): readonly string[] {
  return [...compose.prefix, '-p', options.project, '-f', join(folder, 'compose.yaml')];
}

function environment({ path, options }: Place): Readonly<Record<string, string>> {
  return { MCP_OBO_RUN: path, MCP_OBO_EDGE_PORT: String(options.edgePort) };
}

function refuseTakenPort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', () =>
      reject(
        new Error(`In use on 127.0.0.1: port ${port}. Stop what listens there, or take another with --port.`),
      ),
    );
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}

/** The base images, and those of the apps from this checkout. What the engine built before, it has. */
async function makeImages(options: ComposeOptions, run: RunCommand): Promise<void> {
  const { say, mayInstall, signal } = options;
  await ensureImages({ images: baseImages, mayInstall, say, run, ...(signal !== undefined && { signal }) });
  const docker = createDocker(run);
  const buildImage = await trustingImage(docker, options.registryCaFile);
  for (const app of apps) {
    signal?.throwIfAborted();
    say(`Building mcp-obo/${app}:local …`);
    await docker.build({
      tag: `mcp-obo/${app}:local`,
      context: root,
      dockerfile: join(folder, 'Dockerfile'),
      buildArgs: { APP: app, BUILD_IMAGE: buildImage },
    });
  }
  say('Building mcp-obo/keycloak:local …');
  await docker.build({
    tag: 'mcp-obo/keycloak:local',
    context: join(root, 'infra', 'keycloak'),
  });
}

/** Where registries show a certificate of an own authority, the stages that fetch packages must trust it. */
async function trustingImage(docker: Docker, caFile: string | undefined): Promise<string> {
  if (caFile === undefined || caFile === '') return 'node:24-bookworm-slim';
  const context = await mkdtemp(join(tmpdir(), 'mcp-obo-image-'));
  try {
    await copyFile(caFile, join(context, 'ca.pem'));
    const variables = ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'npm_config_cafile'];
    writeFileSync(
      join(context, 'Dockerfile'),
      [
        'FROM node:24-bookworm-slim',
        'COPY ca.pem /etc/ssl/registry-ca.pem',
        `ENV ${variables.map((name) => `${name}=/etc/ssl/registry-ca.pem`).join(' ')}`,
      ].join('\n'),
    );
    await docker.build({ tag: 'mcp-obo/build:local', context });
    return 'mcp-obo/build:local';
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function logsOf(call: Call): Promise<string> {
  return (await call(['logs', '--no-color', '--timestamps'])).stdout;
}

/** Nothing waits for the edge, which is last. */
async function healthy(call: Call, service: string, run: RunCommand): Promise<void> {
  const id = (await call(['ps', '--quiet', service])).stdout.trim();
  for (const end = performance.now() + edgeWithinMs; ; await sleep(500)) {
    const { stdout } = await run('docker', ['inspect', '--format', '{{.State.Health.Status}}', id]);
    if (stdout.trim() === 'healthy') return;
    if (performance.now() > end)
      throw new Error(await reason(`container ${service} is ${stdout.trim()}`, call));
  }
}

/** What compose says, and the last lines of what did not become healthy. Its versions word it differently. */
async function reason(said: string, call: Call): Promise<string> {
  const lines = said.trim().split('\n');
  const failed = lines
    .map(
      (line) =>
        /(?:for|container) (?:service ")?[\w-]*?(edge|mcp-server|broker|downstream-api|redis|keycloak)\b/i.exec(
          line,
        )?.[1],
    )
    .findLast((name) => name !== undefined);
  if (failed === undefined) return `The containers did not start: ${lines.at(-1) ?? ''}`;
  const { stdout } = await call(['logs', '--no-color', '--tail', '12', failed]);
  return `The containers did not start: ${failed} is not healthy. It last said:\n${stdout.trimEnd()}`;
}
