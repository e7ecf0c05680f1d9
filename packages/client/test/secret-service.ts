import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const processFile = fileURLToPath(new URL('keychain-process.ts', import.meta.url));

/** Why there can be no Secret Service of our own here, or undefined. */
export function secretServiceMissing(): string | undefined {
  if (process.platform !== 'linux')
    return `on ${process.platform} the keychain is that of the person logged in`;
  const missing = ['dbus-run-session', 'gnome-keyring-daemon'].filter(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status !== 0,
  );
  return missing.length === 0
    ? undefined
    : `${missing.join(' and ')} missing: apt-get install dbus gnome-keyring`;
}

/** A desktop session of its own: a message bus, and GNOME's keyring with its files in a folder. */
export interface SecretService {
  /** Holds all that the keyring writes. */
  readonly home: string;
  /** Runs `keychain-process.ts` with these arguments in a session of its own; gives the JSON that it printed. */
  readonly run: (
    state: 'unlocked' | 'locked',
    ...args: readonly string[]
  ) => Promise<Readonly<Record<string, unknown>>>;
  readonly close: () => Promise<void>;
}

const daemon = {
  unlocked: 'printf password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1',
  locked: 'gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1',
} as const;

/** The keyring is kept from one session to the next, as from one login to the next. */
export async function createSecretService(): Promise<SecretService> {
  const home = await mkdtemp(join(tmpdir(), 'mcp-obo-keyring-'));
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    XDG_RUNTIME_DIR: home,
  };
  return {
    home,
    async run(state, ...args) {
      const script = `${daemon[state]}; exec "$0" "$@"`;
      const { stdout } = await promisify(execFile)(
        'dbus-run-session',
        ['--', 'sh', '-c', script, process.execPath, processFile, ...args],
        { env, timeout: 30_000 },
      );
      return JSON.parse(stdout);
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}
