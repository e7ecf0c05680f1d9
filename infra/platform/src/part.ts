import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartName } from './addresses.ts';

/** How long a part may take to be ready, and to end. Milliseconds. */
const READY_WITHIN = 90_000;
const GRACE = 12_000;
const TAIL = 40;

export interface PartOptions {
  readonly name: PartName;
  /** Path of its script. */
  readonly script: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly healthUrl: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A process of the platform. */
export interface Part {
  readonly name: PartName;
  readonly pid: number;
  /** The last lines it wrote. */
  readonly tail: () => readonly string[];
  /** Resolves when it answers; rejects with one sentence and its last lines when it ends or never does. */
  readonly ready: (signal?: AbortSignal) => Promise<void>;
  /** Resolves when it has ended, with a sentence. */
  readonly ended: Promise<string>;
  /** Asks it to end and waits; kills it when it takes too long. */
  readonly stop: () => Promise<void>;
  /** Ends it at once. */
  readonly kill: () => void;
}

/**
 * Starts a part under this process's Node.js. Its standard input is the line to this process: when it breaks,
 * by whatever end, the part ends by itself (`orphan-guard.mjs`).
 */
export function startPart({ name, script, configFile, logFile, healthUrl, env }: PartOptions): Part {
  const guard = new URL('./orphan-guard.mjs', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', guard, script, '--config', configFile], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
  });
  const lines = keepTail(child, logFile);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`${name} cannot be started: ${error.message}`));
    child.once('close', (code, signal) => resolve(`${name} ended with ${signal ?? `exit code ${code}`}.`));
  });
  let gone = false;
  void ended.then(() => {
    gone = true;
  });

  const ready = async (signal?: AbortSignal) => {
    const end = performance.now() + READY_WITHIN;
    while (!(await answers(healthUrl))) {
      signal?.throwIfAborted();
      if (gone) throw new PartError(await ended, lines);
      if (performance.now() > end) throw new PartError(`${name} does not answer at ${healthUrl}.`, lines);
      await Promise.race([sleep(50), ended]);
    }
  };
  const kill = () => void child.kill('SIGKILL');
  const stop = async () => {
    if (gone) return;
    child.kill('SIGTERM');
    const timer = setTimeout(kill, GRACE);
    await ended;
    clearTimeout(timer);
  };
  return { name, pid: child.pid ?? -1, tail: () => [...lines], ready, ended, stop, kill };
}

/** A part that did not come up: a sentence, then what it last said. */
export class PartError extends Error {
  override readonly name = 'PartError';

  constructor(sentence: string, tail: readonly string[]) {
    const told = tail.filter((line) => line.trim() !== '' && !/^\s+at /.test(line)).slice(-12);
    super([sentence, ...told.map((line) => `  ${line}`)].join('\n'));
  }
}

function keepTail(child: ChildProcess, logFile: string): string[] {
  const file = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  file.on('error', () => {});
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      file.write(chunk);
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      lines.splice(0, lines.length - TAIL);
    });
  }
  child.once('close', () => file.end());
  return lines;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
