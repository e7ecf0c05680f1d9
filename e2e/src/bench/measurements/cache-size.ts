import { freemem } from 'node:os';
import { startContender } from '../contender-process.ts';
import type { ContenderInfo, Measurement, Missing, Run, Stage, Start } from '../measurement.ts';

/** What a contender of this measurement is started with. */
export interface CacheSizeData {
  readonly entries: number;
  /** Characters of each token that is kept. */
  readonly tokenLength: number;
}

/** As long as a token with the usual claims and an RS256 signature. */
const TOKEN_LENGTH = 900;

/** More than an entry takes, so that the machine is not brought to its knees. */
const BYTES_PER_ENTRY = 5000;

const sizes = [1, 1000, 100_000, 1_000_000] as const;
const inQuick: ReadonlySet<number> = new Set([1000, 1_000_000]);
const reference = 1000;

/** A hit of the exchange engine, in process: plan, policy, key, look-up. The entries are asked for in no order. */
export const cacheSize: Measurement = {
  id: 'cache-size',
  title: 'A hit in the engine’s memory, in process, by how many entries it holds',
  contenders: sizes.map(
    (size): ContenderInfo => ({
      id: String(size),
      label: size === 1 ? '1 entry' : `${size.toLocaleString('en-US')} entries`,
      ...(inQuick.has(size) ? {} : { quick: false }),
    }),
  ),
  baseline: String(reference),
  setUp: async (stage) =>
    Object.fromEntries(sizes.map((size): [string, Start] => [String(size), () => filled(stage, size)])),
};

async function filled(stage: Stage, entries: number): Promise<Run | Missing> {
  const heapMib = Math.ceil((entries * BYTES_PER_ENTRY) / 2 ** 20) + 512;
  if (freemem() < heapMib * 2 ** 20) return { missing: `there are no ${heapMib} MiB of memory` };
  const data: CacheSizeData = { entries, tokenLength: TOKEN_LENGTH };
  const { ask, ready } = await startContender(stage, 'cache-size.ts', data, {
    // From the beginning, or a sixth of the time until it is full goes into collecting a heap that only grows.
    nodeOptions: [
      `--max-old-space-size=${heapMib}`,
      `--initial-old-space-size=${heapMib - 256}`,
      '--expose-gc',
    ],
  });
  const bytes = Number(await ready);
  // A few entries are lost in what a heap does anyway.
  if (entries >= 100_000) stage.note('bytesPerEntry', bytes);
  return async (milliseconds) => (await ask('run', milliseconds)) as Awaited<ReturnType<Run>>;
}
