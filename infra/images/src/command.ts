import { spawn } from 'node:child_process';

/** How a command ended. */
export interface Ended {
  /** Exit code; 127 when the command is not there. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  /** Variables on top of those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told each line as it is written, on either stream. */
  readonly onLine?: (line: string) => void;
  /** Ends the command (SIGTERM) when aborted. */
  readonly signal?: AbortSignal;
}

/** Runs a command to its end. Never rejects: a command that cannot be started ends with 127. */
export type RunCommand = (
  command: string,
  args: readonly string[],
  options?: CommandOptions,
) => Promise<Ended>;

/** Runs a command of this machine, without a shell. */
export const runCommand: RunCommand = (command, args, { cwd, env, onLine, signal } = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd !== undefined && { cwd }),
      ...(signal !== undefined && { signal }),
      env: { ...process.env, ...env },
    });
    const text = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      let rest = '';
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        text[name] += chunk;
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine?.(line);
      });
    }
    let problem: Error | undefined;
    child.once('error', (error) => {
      problem = error;
      if (child.pid === undefined) resolve({ code: 127, stdout: '', stderr: error.message });
    });
    child.once('close', (code) => {
      resolve({ code: code ?? 1, stdout: text.stdout, stderr: text.stderr || (problem?.message ?? '') });
    });
  });

/** The last line that says something. */
export function lastLine({ stdout, stderr }: Ended): string {
  const lines = (stderr.trim() === '' ? stdout : stderr).trim().split('\n');
  return lines.at(-1)?.trim() ?? '';
}
