import type { Run, Slice } from './measurement.ts';

/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  /** Length of one slice. */
  readonly sliceMs: number;
  /** Length of the slice before the first round, which does not count. */
  readonly warmUpMs: number;
}

export interface RoundsOptions extends Effort {
  /** Told before each slice; `round` is 0 while warming up. */
  readonly onSlice: (id: string, round: number) => void;
  /** Ends the measurement between two slices. */
  readonly signal: AbortSignal;
}

/**
 * Runs all contenders in turn, A B C A B C …, so that what happens on the machine meanwhile happens to all.
 * Gives the slices of each, one for each round.
 */
export async function runRounds(
  runs: ReadonlyMap<string, Run>,
  { rounds, sliceMs, warmUpMs, onSlice, signal }: RoundsOptions,
): Promise<ReadonlyMap<string, readonly Slice[]>> {
  const slices = new Map<string, Slice[]>([...runs.keys()].map((id) => [id, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [id, run] of runs) {
      signal.throwIfAborted();
      onSlice(id, round);
      const slice = await run(round === 0 ? warmUpMs : sliceMs);
      if (round > 0) slices.get(id)?.push(counted(id, slice));
    }
  }
  return slices;
}

function counted(id: string, slice: Slice): Slice {
  if (slice.calls > 0 && slice.cpuMicros > 0) return slice;
  throw new Error(`${id} did ${slice.calls} calls in ${slice.cpuMicros} µs of CPU time: nothing to count.`);
}
