import type { ContenderInfo, Measurement, Missing, Observe, Run, Trial } from './measurement.ts';
import type { Progress } from './progress.ts';
import { type MeasurementResult, resultOf, type TrialResult } from './result.ts';
import { type Effort, type RoundsOptions, runRounds, warmUpAll } from './rounds.ts';
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

/** A trial that can begin, or why it cannot. */
interface ReadyTrial {
  readonly stage: OpenStage;
  readonly trial: Trial;
  readonly observe: Observe | Missing;
}

/** Everything that was found. */
export interface Findings {
  readonly results: readonly MeasurementResult[];
  readonly trials: readonly TrialResult[];
}

/**
 * Runs one measurement after the other, and then the trials. A quick run gets all of them ready before, at once.
 * Whatever happens, nothing that was started is left.
 */
export async function runBench(
  measurements: readonly Measurement[],
  trials: readonly Trial[],
  context: BenchContext,
): Promise<Findings> {
  const { effort, progress } = context;
  const stages: OpenStage[] = [];
  const open = async () => {
    context.signal.throwIfAborted();
    const stage = await openStage();
    stages.push(stage);
    return stage;
  };
  const prepare = async (measurement: Measurement) => getReady(measurement, await open(), context);
  const prepareTrial = async (trial: Trial) => getTrialReady(trial, await open(), context);
  try {
    if (effort.quick) progress.begin('Getting ready');
    const [ready, readyTrials] = effort.quick
      ? await settleAll([settleAll(measurements.map(prepare)), settleAll(trials.map(prepareTrial))])
      : [[], []];
    const results: MeasurementResult[] = [];
    for (const [index, measurement] of measurements.entries()) {
      progress.begin(measurement.title);
      results.push(await measure(ready[index] ?? (await prepare(measurement)), context));
    }
    const found: TrialResult[] = [];
    for (const [index, trial] of trials.entries()) {
      progress.begin(trial.title);
      found.push(await observed(readyTrials[index] ?? (await prepareTrial(trial))));
    }
    return { results, trials: found };
  } finally {
    for (const stage of stages) await stage.close();
    progress.end();
  }
}

async function getTrialReady(trial: Trial, stage: OpenStage, { effort }: BenchContext): Promise<ReadyTrial> {
  return { stage, trial, observe: await trial.setUp(stage, effort.windows) };
}

async function observed({ stage, trial, observe }: ReadyTrial): Promise<TrialResult> {
  const { id, title, facts: labels } = trial;
  const found = typeof observe === 'function' ? await observe() : observe;
  await stage.close();
  return { id, title, labels, ...found };
}

async function getReady(measurement: Measurement, stage: OpenStage, context: BenchContext): Promise<Ready> {
  const { effort, progress, signal } = context;
  progress.step('setting up');
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
  return { stage, measurement, runs: new Map(wanted.flatMap(({ id }) => entryOf(runs, id))), missing };
}

async function measure(
  { stage, measurement, runs, missing }: Ready,
  context: BenchContext,
): Promise<MeasurementResult> {
  const contenders = contendersOf(measurement, context.effort);
  // Right before, while nothing else is done: code that was warmed up beside other work is compiled too late.
  await warmUpAll(runs, roundsOptions(context));
  const slices = await runRounds(runs, roundsOptions(context));
  const result = { ...resultOf({ ...measurement, contenders }, slices, missing), facts: stage.facts() };
  await stage.close();
  return result;
}

function roundsOptions({ effort, progress, signal }: BenchContext): RoundsOptions {
  const onSlice = (id: string, round: number) =>
    progress.step(`${round === 0 ? 'warm-up' : `round ${round}`}, ${id}`);
  return { ...effort, signal, onSlice };
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
