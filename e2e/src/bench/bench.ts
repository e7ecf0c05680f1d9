import type { ContenderInfo, Measurement, Run, Trial } from './measurement.ts';
import type { Progress } from './progress.ts';
import { type MeasurementResult, resultOf, type TrialResult } from './result.ts';
import { type Effort, runRounds } from './rounds.ts';
import { type OpenStage, openStage } from './stage.ts';

export interface BenchContext {
  readonly effort: Effort;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** A measurement whose contenders wait for their turns. */
interface Ready {
  readonly stage: OpenStage;
  readonly measurement: Measurement;
  readonly runs: ReadonlyMap<string, Run>;
  readonly missing: ReadonlyMap<string, string>;
}

/** Everything that was found. */
export interface Findings {
  readonly results: readonly MeasurementResult[];
  readonly trials: readonly TrialResult[];
}

/**
 * Runs one measurement after the other, and then the trials. A quick run begins with what is slow to get ready, and with
 * what is not timed, all at once. Whatever happens, nothing that was started is left.
 */
export async function runBench(
  measurements: readonly Measurement[],
  trials: readonly Trial[],
  context: BenchContext,
): Promise<Findings> {
  const { effort, progress } = context;
  const results: MeasurementResult[] = [];
  const stages: OpenStage[] = [];
  const prepare = (measurement: Measurement) => getReady(measurement, stages, context);
  const found = new Map<Trial, TrialResult>();
  const observe = async (trial: Trial) => void found.set(trial, await runTrial(trial, context));
  try {
    if (effort.quick) progress.begin('Getting ready');
    const counting = effort.quick ? trials.filter(({ timed }) => !timed) : [];
    const slow = effort.quick ? measurements.filter((measurement) => measurement.slow === true) : [];
    const [early] = await settleAll([settleAll(slow.map(prepare)), settleAll(counting.map(observe))]);
    for (const measurement of measurements) {
      progress.begin(measurement.title);
      const ready = early[slow.indexOf(measurement)] ?? (await prepare(measurement));
      results.push(await measure(ready, context));
      await ready.stage.close();
    }
    for (const trial of trials) {
      if (found.has(trial)) continue;
      progress.begin(trial.title);
      await observe(trial);
    }
    return { results, trials: trials.flatMap((trial) => found.get(trial) ?? []) };
  } finally {
    for (const stage of stages) await stage.close();
    progress.end();
  }
}

async function runTrial(
  { id, title, facts, observe }: Trial,
  { effort, signal }: BenchContext,
): Promise<TrialResult> {
  const stage = await openStage();
  try {
    signal.throwIfAborted();
    return { id, title, labels: facts, ...(await observe(stage, effort.windows)) };
  } finally {
    await stage.close();
  }
}

async function getReady(
  measurement: Measurement,
  stages: OpenStage[],
  { effort, progress, signal }: BenchContext,
): Promise<Ready> {
  const stage = await openStage();
  stages.push(stage);
  progress.step('setting up');
  signal.throwIfAborted();
  const runs = new Map<string, Run>();
  const missing = new Map<string, string>();
  const starts = await measurement.setUp(stage);
  const start = async ({ id }: ContenderInfo) => {
    signal.throwIfAborted();
    const run = (await starts[id]?.()) ?? { missing: 'nothing starts it' };
    if (typeof run === 'function') runs.set(id, run);
    else missing.set(id, run.missing);
  };
  const wanted = contendersOf(measurement, effort);
  if (effort.quick) await settleAll(wanted.map(start));
  else for (const contender of wanted) await start(contender);
  return { stage, measurement, runs, missing };
}

async function measure(
  { stage, measurement, runs, missing }: Ready,
  { effort, progress, signal }: BenchContext,
): Promise<MeasurementResult> {
  const contenders = contendersOf(measurement, effort);
  const ordered = new Map(contenders.flatMap(({ id }) => entryOf(runs, id)));
  const slices = await runRounds(ordered, {
    ...effort,
    signal,
    onSlice: (id, round) => progress.step(`${round === 0 ? 'warm-up' : `round ${round}`}, ${id}`),
  });
  return { ...resultOf({ ...measurement, contenders }, slices, missing), facts: stage.facts() };
}

function contendersOf({ contenders }: Measurement, { quick }: Effort): readonly ContenderInfo[] {
  return quick ? contenders.filter((contender) => contender.quick !== false) : contenders;
}

function entryOf<K, V>(map: ReadonlyMap<K, V>, key: K): readonly [K, V][] {
  const value = map.get(key);
  return value === undefined ? [] : [[key, value]];
}

/** All of them, or the first failure when nothing of it is under way any more. */
async function settleAll<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
