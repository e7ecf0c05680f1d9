import type { Found, Measurement, Missing, Slice } from './measurement.ts';
import { ratiosOf, type Spread, spreadOf } from './statistics.ts';

/** What was found of one contender. */
export interface ContenderResult {
  readonly id: string;
  readonly label: string;
  readonly baseline: boolean;
  /** CPU time of one call, microseconds. */
  readonly cpuMicros: Spread;
  /** CPU time by that of the baseline, taken round by round. */
  readonly ratio: Spread;
  /** Calls in a second on the clock: as many as its CPU time and that of whoever asks leave room for. */
  readonly callsPerSecond: Spread;
  readonly calls: number;
  readonly rounds: readonly Slice[];
}

/** What was found in one measurement. */
export interface MeasurementResult {
  readonly id: string;
  readonly title: string;
  readonly contenders: readonly (
    | ContenderResult
    | (Missing & { readonly id: string; readonly label: string })
  )[];
  /** What was found beside the slices. */
  readonly facts?: Readonly<Record<string, number>>;
}

/** What was found in one trial. */
export type TrialResult = {
  readonly id: string;
  readonly title: string;
  readonly labels: Readonly<Record<string, string>>;
} & (Found | Missing);

/** The figures of a measurement; contenders that were not measured keep their reason. */
export function resultOf(
  { id, title, contenders, baseline }: Omit<Measurement, 'setUp'>,
  slices: ReadonlyMap<string, readonly Slice[]>,
  missing: ReadonlyMap<string, string>,
): MeasurementResult {
  const reference = perCall(slices.get(baseline) ?? []);
  return {
    id,
    title,
    contenders: contenders.map((contender) => {
      const rounds = slices.get(contender.id);
      if (rounds === undefined) return { ...contender, missing: missing.get(contender.id) ?? 'not run' };
      const values = perCall(rounds);
      return {
        ...contender,
        baseline: contender.id === baseline,
        cpuMicros: spreadOf(values),
        ratio: spreadOf(ratiosOf(values, reference)),
        callsPerSecond: spreadOf(rounds.map(({ calls, milliseconds }) => (calls * 1000) / milliseconds)),
        calls: rounds.reduce((sum, { calls }) => sum + calls, 0),
        rounds,
      };
    }),
  };
}

function perCall(slices: readonly Slice[]): readonly number[] {
  return slices.map(({ calls, cpuMicros }) => cpuMicros / calls);
}
