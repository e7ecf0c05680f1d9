import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** How long it may take to end. Milliseconds. */
const grace = 12_000;
const keptLines = 200;

export interface LaunchOptions {
  /** What it is called in sentences. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** A process group that ends with this process. */
export interface Launched {
  readonly pid: number;
  /** What it last said that is no routine. */
  readonly complaints: () => readonly string[];
  /** Resolves with a sentence when it has ended. */
  readonly ended: Promise<string>;
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
}

/** Starts a command under the keeper, which ends it when this process is gone. */
export function launch({ name, command, args, env, logFile }: LaunchOptions): Launched {
  const keeper = fileURLToPath(new URL('./keeper.mjs', import.meta.url));
  const child = spawn(process.execPath, [keeper, command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...env },
    detached: true,
  });
  const pid = child.pid ?? 0;
  const kill = () => {
    try {
      if (pid > 0) process.kill(-pid, 'SIGKILL');
    } catch {
      // Nobody is left.
    }
  };
  process.once('exit', kill);

  const lines: string[] = [];
  const file = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  file.on('error', () => {});
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      file.write(chunk);
      lines.push(...chunk.split('\n'));
      lines.splice(0, lines.length - keptLines);
    });
  }
  let gone = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${name} cannot be started: ${error.message}.`));
    child.once('close', (code, signal) => resolve(`${name} ended with ${signal ?? `exit code ${code}`}.`));
  }).finally(() => {
    gone = true;
    process.removeListener('exit', kill);
    // Whoever reads the log then finds all of it.
    return new Promise((written) => file.end(written));
  });

  return {
    pid,
    complaints: () => complaintsOf(lines),
    ended,
    stop: async () => {
      if (gone) return;
      child.kill('SIGTERM');
      const timer = setTimeout(kill, grace);
      await ended;
      clearTimeout(timer);
    },
    kill,
  };
}

/** Errors where there are any, else the last that was said; without what every line begins with. */
function complaintsOf(lines: readonly string[]): readonly string[] {
  const told = lines.filter((line) => line.trim() !== '' && !/^\s+at |^Appending/.test(line));
  const errors = told.filter((line) => /\bERROR\b|Exception/.test(line));
  return (errors.length > 0 ? errors.slice(0, 6) : told.slice(-4)).map((line) =>
    line.replace(/^\d\S+ \d\S+ (?:\S*=\S*,? )*/, ''),
  );
}
