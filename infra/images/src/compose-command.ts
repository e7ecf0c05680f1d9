import { existsSync } from 'node:fs';
import type { RunCommand } from './command.ts';
import { installPackages } from './debian-packages.ts';
import { NoEngineError } from './engine.ts';

/** A compose that is installed: how it is called, and its version. */
export interface ComposeCommand {
  readonly command: string;
  readonly prefix: readonly string[];
  readonly version: string;
}

const candidates = [
  { command: 'docker', prefix: ['compose'] },
  { command: 'docker-compose', prefix: [] },
] as const;

export interface EnsureComposeOptions {
  /** Allows to install a Debian package, as root. */
  readonly mayInstall: boolean;
  /** Told before anything on the machine changes. */
  readonly say: (line: string) => void;
  readonly run: RunCommand;
  readonly isRoot?: boolean;
  readonly hasApt?: boolean;
  readonly install?: typeof installPackages;
}

/**
 * Finds compose, or installs it as root on Debian.
 *
 * @throws NoEngineError with one sentence when there is none.
 */
export async function ensureCompose({
  mayInstall,
  say,
  run,
  isRoot = process.getuid?.() === 0,
  hasApt = existsSync('/usr/bin/apt-get'),
  install = installPackages,
}: EnsureComposeOptions): Promise<ComposeCommand> {
  const found = await findCompose(run);
  if (found !== undefined) return found;
  const advice = 'install the compose plugin of Docker (on Debian: apt-get install docker-compose)';
  if (!mayInstall || !isRoot || !hasApt) throw new NoEngineError(`There is no docker compose: ${advice}.`);
  say('There is no docker compose: installing the Debian package docker-compose with apt-get.');
  await install(run, ['docker-compose']).catch((cause: Error) => {
    throw new NoEngineError(cause.message, { cause });
  });
  const installed = await findCompose(run);
  if (installed === undefined)
    throw new NoEngineError(`docker-compose was installed and does not run: ${advice}.`);
  return installed;
}

/** The plugin of docker where it is installed, else `docker-compose`. */
export async function findCompose(run: RunCommand): Promise<ComposeCommand | undefined> {
  for (const { command, prefix } of candidates) {
    const { code, stdout } = await run(command, [...prefix, 'version', '--short']);
    if (code === 0) return { command, prefix, version: stdout.trim().replace(/^v/, '') };
  }
  return undefined;
}
