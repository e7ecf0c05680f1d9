import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a contender does over and over. */
export interface Loop {
  /** One call; its number goes up without end. */
  readonly call: (index: number) => unknown;
  /** Whether that is what the call has to give. */
  readonly isRight: (result: unknown) => boolean;
}

/** How many calls go by between two looks at the clock. */
const BATCH = 16;

/** The data that this process was started with. */
export function startData<D>(): D {
  return JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as D;
}

/** Says that this process is ready. */
export function sayReady(value?: unknown): void {
  process.send?.({ answer: 'ready', value });
}

/** Listens on a free loopback port and tells the measuring process where. */
export function listenServer(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    sayReady(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
}

/**
 * Runs the loop whenever the measuring process asks for it, and says how many calls and how much CPU time it was.
 * `found`: what was found while it was got ready.
 */
export function serveLoop({ call, isRight }: Loop, found?: unknown): void {
  let index = 0;

  async function run(milliseconds: number) {
    const started = performance.now();
    const end = started + milliseconds;
    const first = index;
    const before = process.cpuUsage();
    while (performance.now() < end) {
      for (let n = 0; n < BATCH; n++) {
        const result = await call(index++);
        if (!isRight(result)) throw new Error(`Call ${index - 1} gave a wrong result.`);
      }
    }
    const { user, system } = process.cpuUsage(before);
    return { calls: index - first, cpuMicros: user + system, milliseconds: performance.now() - started };
  }

  process.on('message', async (message: { ask: string; value: number }) => {
    if (message.ask !== 'run') return;
    try {
      process.send?.({ answer: 'run', value: await run(message.value) });
    } catch (error) {
      process.send?.({ answer: 'run', error: (error as Error).stack });
    }
  });
  // Nothing else keeps this process alive.
  process.channel?.ref();
  sayReady(found);
}
