import { Pool } from 'undici';
import type { ContenderProcess } from './contender-process.ts';
import type { Run, Stage } from './measurement.ts';

const CONNECTIONS = 8;
const PRIMING_MS = 60_000;

/** One request, as it is sent. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The next request; undefined when there are none left. */
export type NextRequest = () => Sent | undefined;

export interface LoadOptions {
  /** Complete URL; all requests are POSTs to it. */
  readonly url: string;
  readonly next: NextRequest;
  /** Whether an answer of status 200 is the right one. */
  readonly isRight: (body: string) => boolean;
  /** The process whose CPU time counts. */
  readonly server: ContenderProcess;
  /** Connections that each have one request under way; 8 when absent. */
  readonly connections?: number;
  /** Told of each answer: how long it took, milliseconds. */
  readonly onAnswer?: (milliseconds: number) => void;
}

/** Sends requests over real HTTP on loopback and counts the CPU time of the server. */
export function httpRun(stage: Stage, options: LoadOptions): Run {
  const { url, next, isRight, server, onAnswer, connections = CONNECTIONS } = options;
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  stage.defer(() => pool.close());

  async function send(end: number): Promise<number> {
    let calls = 0;
    while (performance.now() < end) {
      const request = next();
      if (request === undefined) break;
      const sentAt = performance.now();
      const { statusCode, body } = await pool.request({ path: pathname, method: 'POST', ...request });
      const text = await body.text();
      onAnswer?.(performance.now() - sentAt);
      if (statusCode !== 200 || !isRight(text))
        throw new Error(`${url} answered ${statusCode} ${text.slice(0, 300)}`);
      calls++;
    }
    return calls;
  }

  return async (milliseconds) => {
    const before = await server.cpuMicros();
    const started = performance.now();
    const end = started + milliseconds;
    const sent = Promise.all(Array.from({ length: connections }, () => send(end)));
    const calls = await Promise.race([sent, server.failed]);
    const elapsed = performance.now() - started;
    const cpuMicros = (await server.cpuMicros()) - before;
    return { calls: calls.reduce((sum, count) => sum + count, 0), cpuMicros, milliseconds: elapsed };
  };
}

/** The items of a list in turn, without end. */
export function inTurn<T>(items: readonly [T, ...T[]]): () => T {
  let index = 0;
  return () => items[index++ % items.length] ?? items[0];
}

/**
 * Sends requests that are made before each slice, each of them once. `perMillisecond`: more than can be sent; those
 * that were not are left for the next slice.
 */
export function onceEach(
  stage: Stage,
  options: Omit<LoadOptions, 'next'>,
  make: (count: number) => Promise<readonly Sent[]>,
  perMillisecond: number,
): Run {
  const requests: Sent[] = [];
  const run = httpRun(stage, { ...options, next: () => requests.pop() });
  return async (milliseconds) => {
    requests.push(...(await make(Math.max(0, Math.ceil(milliseconds * perMillisecond) - requests.length))));
    return run(milliseconds);
  };
}

/** Sends each request once, however long it takes, so that what follows is in the cache. */
export async function prime(
  stage: Stage,
  options: Omit<LoadOptions, 'next'>,
  requests: readonly Sent[],
): Promise<void> {
  const left = [...requests];
  const { calls } = await httpRun(stage, { ...options, next: () => left.pop() })(PRIMING_MS);
  if (calls < requests.length) throw new Error(`${options.url} takes too long to fill its cache.`);
}
