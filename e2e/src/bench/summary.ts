import { countGoals, cpuNames, ratioGoals, sampling } from './goals.ts';
import type { ContenderResult, MeasurementResult, TrialResult } from './result.ts';
import { ratiosOf, spreadOf } from './statistics.ts';

/** What a name stands for, or null for what was not measured. */
type Figures<Name extends string> = Readonly<Record<Name, number | null>>;

/** The short result: the last line of `--quick --json`. */
export interface Summary {
  /** CPU time of ours by theirs; for msal theirs by ours. */
  readonly ratios: Figures<keyof typeof ratioGoals>;
  /** CPU time of one call, microseconds. */
  readonly cpuMicros: Figures<keyof typeof cpuNames>;
  /** Memory of an entry above its token. */
  readonly bytesPerEntry: number | null;
  /** By how much a stall of one issuer's keys slows the callers of others: 0.03 is 3 %. */
  readonly stallSlowdown: number | null;
  /** Requests that reached the identity provider. */
  readonly upstreamCalls: Figures<'coldHerd2Replicas' | 'refusals200' | 'unknownKids200'>;
  /** Which requests leave spans. */
  readonly sampling: typeof sampling;
}

/** The short result of a run. What was not measured is null. */
export function summaryOf(
  results: readonly MeasurementResult[],
  trialResults: readonly TrialResult[],
): Summary {
  const contender = ({ measurement, contender }: { measurement: string; contender: string }) =>
    results
      .find(({ id }) => id === measurement)
      ?.contenders.find((one): one is ContenderResult => one.id === contender && !('missing' in one));
  const facts: Readonly<Record<string, number>> = Object.assign(
    {},
    ...results.map((result) => result.facts),
    ...trialResults.map((result) => ('facts' in result ? result.facts : {})),
  );
  const fact = (name: string) => rounded(facts[name]);
  const { coldHerd2Replicas, refusals200, unknownKids200 } = mapValues(countGoals, (_goal, name) =>
    fact(name),
  );
  return {
    ratios: mapValues(ratioGoals, ({ of, by }) => rounded(ratio(contender(of), contender(by)))),
    cpuMicros: mapValues(cpuNames, (place) => rounded(contender(place)?.cpuMicros.median)),
    bytesPerEntry: fact('bytesPerEntry'),
    stallSlowdown: fact('stallSlowdown'),
    upstreamCalls: { coldHerd2Replicas, refusals200, unknownKids200 },
    sampling,
  };
}

function ratio(of: ContenderResult | undefined, by: ContenderResult | undefined): number | undefined {
  if (of === undefined || by === undefined) return undefined;
  return spreadOf(ratiosOf(perCall(of), perCall(by))).median;
}

function perCall({ rounds }: ContenderResult): readonly number[] {
  return rounds.map(({ calls, cpuMicros }) => cpuMicros / calls);
}

/** Three figures: no more is meant. Counts stay as they are. */
function rounded(value: number | undefined): number | null {
  if (value === undefined) return null;
  return Number.isInteger(value) ? value : Number(value.toPrecision(3));
}

function mapValues<K extends string, V, W>(
  record: Readonly<Record<K, V>>,
  map: (value: V, key: K) => W,
): Readonly<Record<K, W>> {
  const entries = Object.entries(record) as [K, V][];
  return Object.fromEntries(entries.map(([key, value]) => [key, map(value, key)])) as Record<K, W>;
}
