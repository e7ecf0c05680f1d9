import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  /** Exit code; 127 when there is no such command. */
  readonly code: number;
  /** The last lines of both outputs. */
  readonly tail: readonly string[];
  readonly stdout: string;
}

/** Runs a command to its end in a process group of its own, which an abort ends at once. */
export function runCommand(
  command: string,
  args: readonly string[],
  { cwd, env, signal }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env: { ...env } }),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    };
    process.once('exit', kill);
    signal?.addEventListener('abort', kill, { once: true });
    const done = () => {
      process.removeListener('exit', kill);
      signal?.removeEventListener('abort', kill);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      done();
      if (error.code === 'ENOENT') resolve({ code: 127, tail: [], stdout: '' });
      else reject(error);
    });
    child.once('close', (code) => {
      done();
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve({ code: code ?? 137, tail: lastLines(output), stdout });
    });
  });
}

function lastLines(output: string): readonly string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^at |^\[INFO\]/.test(line))
    .slice(-8);
}
