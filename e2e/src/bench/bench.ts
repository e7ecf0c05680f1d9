import type { Measurement, Run } from './measurement.ts';
import type { Progress } from './progress.ts';
import { type MeasurementResult, resultOf } from './result.ts';
import { type Effort, runRounds } from './rounds.ts';
import { openStage } from './stage.ts';

export interface BenchContext {
  readonly effort: Effort;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Runs one measurement after the other. Whatever happens, nothing that was started is left. */
export async function runBench(
  measurements: readonly Measurement[],
  context: BenchContext,
): Promise<readonly MeasurementResult[]> {
  const results: MeasurementResult[] = [];
  for (const measurement of measurements) results.push(await runMeasurement(measurement, context));
  context.progress.end();
  return results;
}

async function runMeasurement(
  measurement: Measurement,
  { effort, progress, signal }: BenchContext,
): Promise<MeasurementResult> {
  progress.begin(measurement.title);
  const stage = await openStage();
  try {
    progress.step('setting up');
    signal.throwIfAborted();
    const runs = new Map<string, Run>();
    const missing = new Map<string, string>();
    for (const [id, run] of Object.entries(await measurement.setUp(stage))) {
      if (typeof run === 'function') runs.set(id, run);
      else missing.set(id, run.missing);
    }
    const slices = await runRounds(runs, {
      ...effort,
      signal,
      onSlice: (id, round) => progress.step(`${round === 0 ? 'warm-up' : `round ${round}`}, ${id}`),
    });
    return resultOf(measurement, slices, missing);
  } finally {
    await stage.close();
  }
}
