import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultCacheDir, ensureImages, NoEngineError, openEngine, withMachineLock } from '@mcp-obo/images';
import { type Launched, launch } from '@mcp-obo/testbed/launch';
import { GenericContainer, Wait } from 'testcontainers';
import { keycloakVersion } from './distribution.ts';
import { KeycloakProblem } from './problem.ts';
import { runCommand } from './run-command.ts';
import type { AdminCredentials, Runtime, RuntimeOptions } from './runtime.ts';
import { defaultFeatures, startSettings } from './settings.ts';

const context = fileURLToPath(new URL('..', import.meta.url));
const baseImage = `quay.io/keycloak/keycloak:${keycloakVersion}`;
const dataFolder = '/opt/keycloak/data';

/**
 * Keycloak in a container on the network of this machine, bound to 127.0.0.1 as the native one, by Testcontainers.
 * Its image is built from `Dockerfile` when there is none of the same recipe; the database with one administrator
 * is made once for each image and copied for each run.
 */
export async function containerRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { dir, otlp, trustedCaFile, logFile } = options;
  const image = await prepareImage(options);
  const template = await prepareData(image, options);
  const data = join(dir, 'keycloak-data');
  await cp(join(template, 'data'), data, { recursive: true });
  const inside = trustedCaFile === undefined ? undefined : '/tmp/trusted-ca.pem';
  const mounts = [
    { source: data, target: dataFolder, mode: 'rw' as const },
    ...(trustedCaFile === undefined
      ? []
      : [{ source: trustedCaFile, target: '/tmp/trusted-ca.pem', mode: 'ro' as const }]),
  ];
  return {
    admin: JSON.parse(readFileSync(join(template, 'admin.json'), 'utf8')) as AdminCredentials,
    launch: async (args) => {
      const file = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
      // Its reaper is an image of its own, which needs a registry; `guarded` does that work here.
      process.env.TESTCONTAINERS_RYUK_DISABLED ??= 'true';
      const name = `mcp-obo-keycloak-${randomBytes(6).toString('hex')}`;
      const startedFile = `${logFile}.started`;
      rmSync(startedFile, { force: true });
      // Before there is a container: this process may end while it is made.
      const watched = guarded(name, startedFile, options);
      const container = new GenericContainer(image)
        .withName(name)
        .withAutoRemove(true)
        .withNetworkMode('host')
        .withUser(ownUser())
        .withBindMounts(mounts)
        .withEnvironment(startSettings({ otlp, trustedCaFile: inside }))
        .withCommand([...args])
        .withLogConsumer((stream) => stream.pipe(file))
        .withWaitStrategy(Wait.forLogMessage(/./));
      await container.start().catch(async (error: Error) => {
        await watched.stop();
        throw error;
      });
      writeFileSync(startedFile, name);
      return watched;
    },
  };
}

/**
 * Lets the container of that name, which may not be there yet, end with this process. Testcontainers would need an
 * image of its own for that; here it is a process in the way of `launch`, which waits for the container once it
 * has started, and removes it when it is asked to end. Where the engine ends too, `withAutoRemove` does the rest.
 */
function guarded(name: string, startedFile: string, { env, logFile, runDir }: RuntimeOptions): Launched {
  // The keeper gives it 8 s. What the engine was asked for at the last moment is there a little later.
  const guard = `
    exec 2>/dev/null
    remove() { docker rm -fv "$0" >/dev/null; }
    trap 'docker stop -t 4 "$0" >/dev/null || { remove; sleep 2; }; remove; exit 143' TERM INT HUP
    while [ ! -e "$1" ]; do sleep 0.2 & wait $!; done
    docker wait "$0" > "$2" & wait $!
    code=$(cat "$2"); remove; exit "\${code:-1}"`;
  const watched = launch({
    name: 'Keycloak',
    command: 'sh',
    args: ['-c', guard, name, startedFile, `${logFile}.exit`],
    env: { ...env, ...(runDir !== undefined && { MCP_OBO_RUN_DIR: runDir }) },
    logFile: `${logFile}.guard`,
  });
  const remove = () => void spawnSync('docker', ['rm', '-fv', name], { stdio: 'ignore' });
  process.once('exit', remove);
  void watched.ended.then(() => process.removeListener('exit', remove));
  return {
    ...watched,
    complaints: () =>
      readFileSync(logFile, 'utf8')
        .split('\n')
        .filter((line) => /\bERROR\b/.test(line))
        .slice(-6),
    kill: () => {
      remove();
      watched.kill();
    },
  };
}

/** The image of this recipe, built when it is not there yet; another run that builds it is waited for. */
async function prepareImage(options: RuntimeOptions): Promise<string> {
  const { features = defaultFeatures, say = () => {}, signal } = options;
  await engineAnswers();
  await ensureImages({
    images: [baseImage],
    mayInstall: false,
    say,
    ...(signal !== undefined && { signal }),
  });
  const recipe = readFileSync(join(context, 'Dockerfile'), 'utf8');
  const key = createHash('sha256')
    .update(JSON.stringify([recipe, features]))
    .digest('hex')
    .slice(0, 10);
  const image = `mcp-obo/keycloak:${keycloakVersion}-${key}`;
  const there = async () => (await runCommand('docker', ['image', 'inspect', image])).code === 0;
  const build = async () => {
    if (await there()) return;
    say(`Building the image ${image} (once, about 30 s) …`);
    const args = ['build', '-t', image, '--build-arg', `FEATURES=${features.join(',')}`, context];
    const built = await runCommand('docker', args, { ...(signal !== undefined && { signal }) });
    if (built.code !== 0) throw new KeycloakProblem(`The image ${image} cannot be built.`, built.tail);
  };
  if (!(await there()))
    await withMachineLock(join(defaultCacheDir(), 'images.lock'), build, {
      ...(signal !== undefined && { signal }),
    });
  return image;
}

/** Rejects with a `KeycloakProblem` when no container engine answers. */
export async function engineAnswers(): Promise<void> {
  try {
    await openEngine({ mayInstall: false, say: () => {} });
  } catch (error) {
    if (error instanceof NoEngineError) throw new KeycloakProblem(error.message, [], { cause: error });
    throw error;
  }
}

/** A database with one administrator, made once for each image; its path. */
async function prepareData(
  image: string,
  { cacheDir, say = () => {}, signal }: RuntimeOptions,
): Promise<string> {
  const folder = join(cacheDir, image.replaceAll(/[^\w.-]+/g, '-'));
  if (existsSync(folder)) return folder;
  say('Making its database (once) …');
  const draft = join(cacheDir, `.draft-${process.pid}-${randomBytes(4).toString('hex')}`);
  await mkdir(join(draft, 'data'), { recursive: true, mode: 0o700 });
  try {
    const admin = { clientId: 'mcp-obo-admin', clientSecret: randomBytes(32).toString('base64url') };
    const bootstrap = [
      'bootstrap-admin',
      'service',
      '--optimized',
      '--no-prompt',
      `--client-id=${admin.clientId}`,
    ];
    const { code, tail } = await runCommand(
      'docker',
      [
        ...[
          'run',
          '--rm',
          '--network=none',
          '--user',
          ownUser(),
          '-v',
          `${join(draft, 'data')}:${dataFolder}`,
        ],
        ...['-e', 'ADMIN_SECRET', '-e', 'QUARKUS_OTEL_SDK_DISABLED=true', image],
        ...[...bootstrap, '--client-secret:env=ADMIN_SECRET'],
      ],
      {
        env: { PATH: process.env.PATH ?? '', ADMIN_SECRET: admin.clientSecret },
        ...(signal !== undefined && { signal }),
      },
    );
    if (code !== 0) throw new KeycloakProblem('The database of Keycloak cannot be made.', tail);
    await writeFile(join(draft, 'admin.json'), JSON.stringify(admin), { mode: 0o600 });
    await rename(draft, folder).catch((error: Error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}

/** Files that the container writes are to be removable by who started it; the image's own belong to group 0. */
function ownUser(): string {
  return `${process.getuid?.() ?? 1000}:0`;
}
