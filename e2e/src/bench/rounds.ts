import type { Run, Slice } from './measurement.ts';

/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  /** Length of one slice. */
  readonly sliceMs: number;
  /** Before the first round each contender works until it did so many calls, in at least one slice … */
  readonly warmUpCalls: number;
  /** … or for so long. */
  readonly warmUpMs: number;
  /** How often a trial repeats what it times. */
  readonly windows: number;
  /** True for a first look: fewer contenders, got ready all at once. */
  readonly quick: boolean;
}

export interface RoundsOptions extends Omit<Effort, 'windows' | 'quick'> {
  /** Told before each slice; `round` is 0 for a warm-up. */
  readonly onSlice: (id: string, round: number) => void;
  /** Ends the measurement between two slices. */
  readonly signal: AbortSignal;
}

/** Lets one contender after the other work until it is warm. */
export async function warmUpAll(runs: ReadonlyMap<string, Run>, options: RoundsOptions): Promise<void> {
  for (const [id, run] of runs) {
    options.onSlice(id, 0);
    await named(id, () => warmUp(run, options));
  }
}

/**
 * Runs all contenders in turn, A B C A B C …, so that what happens on the machine meanwhile happens to all.
 * Gives the slices of each, one for each round.
 */
export async function runRounds(
  runs: ReadonlyMap<string, Run>,
  options: RoundsOptions,
): Promise<ReadonlyMap<string, readonly Slice[]>> {
  const { rounds, sliceMs, onSlice, signal } = options;
  const slices = new Map<string, Slice[]>([...runs.keys()].map((id) => [id, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [id, run] of runs) {
      signal.throwIfAborted();
      onSlice(id, round);
      slices.get(id)?.push(await named(id, async () => counted(await run(sliceMs))));
    }
  }
  return slices;
}

/** Compiled code and full caches are what a server works with for all but its first minute. */
async function warmUp(run: Run, { sliceMs, warmUpCalls, warmUpMs, signal }: RoundsOptions): Promise<void> {
  let calls = 0;
  let ms = 0;
  do {
    signal.throwIfAborted();
    calls += (await run(sliceMs)).calls;
    ms += sliceMs;
  } while (calls < warmUpCalls && ms < warmUpMs);
}

function counted(slice: Slice): Slice {
  if (slice.calls > 0 && slice.cpuMicros > 0) return slice;
  throw new Error(`${slice.calls} calls in ${slice.cpuMicros} µs of CPU time are nothing to count.`);
}

/** Says whose failure it was. */
async function named<T>(id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Error(`${id}: ${(cause as Error).message}`, { cause });
  }
}
