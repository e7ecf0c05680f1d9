import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Run, Stage } from './measurement.ts';

const PROBE = new URL('./probe.ts', import.meta.url).href;
const GRACE = 5000;
const TAIL = 2000;

/** A process of its own in which a contender works, so that no other one's memory or compiled code is in its way. */
export interface ContenderProcess {
  /** CPU time used so far: user and system, all threads, microseconds. */
  readonly cpuMicros: () => Promise<number>;
  /** What it says under that name next, after it was asked for it. */
  readonly ask: (name: string, value?: unknown) => Promise<unknown>;
  /** What it said when it was ready. */
  readonly ready: Promise<unknown>;
  /** Rejects when the process ends by itself. */
  readonly failed: Promise<never>;
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments for Node itself. */
  readonly nodeOptions?: readonly string[];
}

/** Starts a script of this folder with data it can read, and waits until it is ready. */
export async function startContender(
  stage: Stage,
  script: string,
  data: unknown,
  options: ProcessOptions = {},
): Promise<ContenderProcess> {
  const file = join(stage.dir, `${randomUUID()}.json`);
  writeFileSync(file, JSON.stringify(data), { mode: 0o600 });
  const path = fileURLToPath(new URL(`./contenders/${script}`, import.meta.url));
  const process = startProcess(stage, path, [file], options);
  await Promise.race([process.ready, process.failed]);
  return process;
}

/** Starts any script of this repository under the probe. It is up to the caller to know when it is ready. */
export function startProcess(
  stage: Stage,
  script: string,
  args: readonly string[],
  { env = {}, nodeOptions = [] }: ProcessOptions = {},
): ContenderProcess {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [...nodeOptions, '--import', PROBE, script, ...args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { PATH, HOME, ...env },
  });
  const failed = failure(child, script);
  stage.defer(() => end(child));
  const ask = (name: string, value?: unknown) => {
    const answer = Promise.race([answerTo(child, name), failed]);
    child.send({ ask: name, value });
    return answer;
  };
  return { ask, failed, ready: answerTo(child, 'ready'), cpuMicros: async () => Number(await ask('cpu')) };
}

/** A contender that works in a loop of its own (`serveLoop`). */
export async function startLoop(stage: Stage, script: string, data: unknown): Promise<Run> {
  const { ask } = await startContender(stage, script, data);
  return async (milliseconds) => (await ask('run', milliseconds)) as Awaited<ReturnType<Run>>;
}

function answerTo(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const listen = (message: unknown) => {
      const { answer, value, error } = message as { answer: string; value?: unknown; error?: string };
      if (answer !== name) return;
      child.off('message', listen);
      if (error === undefined) resolve(value);
      else reject(new Error(error));
    };
    child.on('message', listen);
  });
}

function failure(child: ChildProcess, script: string): Promise<never> {
  let tail = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-TAIL);
  });
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      reject(new Error(`${script} ended with ${signal ?? `exit code ${code}`}.\n${tail}`)),
    );
  });
  // Ending is expected once the measurement is over.
  failed.catch(() => undefined);
  return failed;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
  await gone;
  clearTimeout(timer);
}
