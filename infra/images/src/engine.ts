import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLine, type RunCommand, runCommand } from './command.ts';
import { installPackages } from './debian-packages.ts';
import { spawnHeld } from './held-process.ts';

/** A container engine that answers. */
export interface Engine {
  /** As in `Docker 20.10.24`. */
  readonly version: string;
  /** `found`: it ran already, and goes on. `started`: by us, and it ends with `stop` or with this process. */
  readonly origin: 'found' | 'started';
  readonly stop: () => Promise<void>;
}

export interface EngineOptions {
  /** Allows to install Debian packages, as root. */
  readonly mayInstall: boolean;
  /** Told before anything on the machine changes. */
  readonly say: (line: string) => void;
  readonly run?: RunCommand;
  readonly isRoot?: boolean;
  readonly hasApt?: boolean;
  /** Starts `dockerd` and gives what ends it. */
  readonly startDaemon?: typeof startDaemon;
  /** Installs Debian packages. */
  readonly install?: typeof installPackages;
}

/** There is no engine; the message is one sentence that says what to do. */
export class NoEngineError extends Error {
  override readonly name = 'NoEngineError';
}

const packages = ['docker.io', 'iptables'];
const advice =
  'install Docker (on Debian: apt-get install docker.io iptables) and start it, or run this as root on Debian';

/**
 * Finds a container engine, or makes one: as root a `dockerd` that is installed is started by hand, and where
 * it is missing Debian's packages are installed first. It listens on its Unix socket only.
 *
 * @throws NoEngineError when there is none and none may or can be made.
 */
export async function openEngine({
  mayInstall,
  say,
  run = runCommand,
  isRoot = process.getuid?.() === 0,
  hasApt = existsSync('/usr/bin/apt-get'),
  startDaemon: start = startDaemon,
  install = installPackages,
}: EngineOptions): Promise<Engine> {
  const found = await engineVersion(run);
  if (found.version !== undefined) return { version: found.version, origin: 'found', stop: async () => {} };
  if (!isRoot) throw new NoEngineError(`No container engine answers (${found.problem}): ${advice}.`);
  // An engine elsewhere was asked for; one of our own would not be it.
  const host = process.env.DOCKER_HOST;
  if (host !== undefined && host !== '')
    throw new NoEngineError(`No container engine answers at DOCKER_HOST=${host} (${found.problem}).`);

  if ((await run('dockerd', ['--version'])).code !== 0) {
    if (!mayInstall || !hasApt) throw new NoEngineError(`There is no container engine: ${advice}.`);
    say(`There is no container engine: installing the Debian packages ${packages.join(', ')} with apt-get.`);
    await install(run, packages).catch((cause: Error) => {
      throw new NoEngineError(cause.message, { cause });
    });
  }
  say('Starting dockerd; it ends with this command.');
  const daemon = await start(run);
  const { version } = await engineVersion(run);
  return { version: version ?? 'Docker', origin: 'started', stop: daemon.stop };
}

async function engineVersion(run: RunCommand): Promise<{ version?: string; problem: string }> {
  const ended = await run('docker', ['version', '--format', '{{.Server.Version}}']);
  const version = ended.stdout.trim();
  if (ended.code === 0 && version !== '') return { version: `Docker ${version}`, problem: '' };
  return { problem: ended.code === 127 ? 'there is no docker command' : lastLine(ended).replace(/\.$/, '') };
}

const readyWithinMs = 60_000;

/**
 * Who was cut short is still removing containers when the engine is to end; what is left after half a minute of
 * those that carry our name goes with it, and does not come back with the next engine.
 */
const tidy = `
  ours() { docker ps --all --quiet --filter name=mcp-obo; }
  for second in $(seq 30); do [ -z "$(ours)" ] && break; sleep 1; done
  ours | xargs -r docker rm --force --volumes`;

/** `dockerd` with its defaults, which are a Unix socket and nothing on the network. */
async function startDaemon(run: RunCommand): Promise<{ stop: () => Promise<void> }> {
  const folder = join(tmpdir(), 'mcp-obo-dockerd');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const logFile = join(folder, 'dockerd.log');
  const { stop } = spawnHeld('dockerd', logFile, tidy);
  const end = performance.now() + readyWithinMs;
  while ((await engineVersion(run)).version === undefined) {
    const said = readFileSync(logFile, 'utf8');
    const fatal = /failed to start daemon: (.*)|level=fatal msg="(.*)"/.exec(said);
    if (fatal !== null || performance.now() > end) {
      await stop();
      const reason = fatal?.[1] ?? fatal?.[2] ?? `it did not answer within ${readyWithinMs / 1000} s`;
      throw new NoEngineError(`dockerd does not start (${reason}); its log is ${logFile}.`);
    }
    await sleep(200);
  }
  return { stop };
}
