import { spawn } from 'node:child_process';
import type { RedisProcess } from './redis-process.ts';

/** An address that a client begins with. */
export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Several real Redis processes that take the place of each other. */
export interface RedisTopology {
  /** Where clients begin. */
  readonly nodes: readonly RedisNode[];
  /** The servers that hold data, masters first. */
  readonly servers: readonly RedisProcess[];
  /** Ends all processes. May be called twice. */
  readonly stop: () => Promise<void>;
}

/** Runs `redis-cli` against one server and answers what it printed; rejects when it fails or takes too long. */
export function redisCli(port: number, args: readonly string[], milliseconds = 30_000): Promise<string> {
  const child = spawn('redis-cli', ['-p', String(port), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: milliseconds,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new Error('redis-cli cannot be started.', { cause })));
    child.once('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`redis-cli ended with ${code}: ${output.slice(-400)}`)),
    );
  });
}

/** Looks every 50 ms until it is so; rejects with what was seen last. */
export async function settled(what: string, look: () => Promise<string>, good: RegExp): Promise<void> {
  const until = performance.now() + 60_000;
  let seen = '';
  while (performance.now() < until) {
    seen = await look().catch(String);
    if (good.test(seen)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come up: ${seen.slice(-400)}`);
}

/** Ends all, also when one fails. */
export async function stopAll(processes: readonly RedisProcess[]): Promise<void> {
  await Promise.all(processes.map((one) => one.stop()));
}
