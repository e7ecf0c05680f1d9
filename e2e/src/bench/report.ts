import type { MeasurementResult, TrialResult } from './result.ts';
import type { Effort } from './rounds.ts';
import type { Summary } from './summary.ts';

/** Where a run took place, as far as figures depend on it. */
export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly node: string;
  readonly platform: string;
  /** One-minute load average before the run: what else was going on. */
  readonly load: number;
}

/** A whole run: `artifacts/bench.json`. */
export interface Report {
  readonly ok: boolean;
  readonly startedAt: string;
  readonly seconds: number;
  readonly machine: Machine;
  readonly effort: Effort;
  readonly summary: Summary;
  readonly results: readonly MeasurementResult[];
  readonly trials: readonly TrialResult[];
}

/** One line about machine and effort, to stand under the table. */
export function describeRun({ machine, effort, seconds }: Omit<Report, 'results' | 'ok'>): string {
  const { cores, node, platform, load } = machine;
  const busy =
    load > cores ? ' The machine was busy with other work: take these figures for a first impression.' : '';
  return (
    `${cores} cores, Node.js ${node}, ${platform}, load ${load.toFixed(1)} before the run; ` +
    `${effort.rounds} rounds of ${effort.sliceMs} ms each, ${Math.round(seconds)} s in all.${busy}`
  );
}

/** What could not be measured, with the reason. */
export function missingOf({ results, trials }: Pick<Report, 'results' | 'trials'>): readonly string[] {
  return [
    ...results.flatMap(({ title, contenders }) =>
      contenders.flatMap((contender) =>
        'missing' in contender ? [`${title}, ${contender.label}: ${contender.missing}`] : [],
      ),
    ),
    ...trials.flatMap((trial) => ('missing' in trial ? [`${trial.title}: ${trial.missing}`] : [])),
  ];
}
