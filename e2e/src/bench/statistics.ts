/** The middle of several values and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of at least one value. Throws a `RangeError` for none, or for one that is no finite number. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) throw new RangeError('There is no spread of no values.');
  if (!values.every(Number.isFinite))
    throw new RangeError(`Not all are finite numbers: ${values.join(', ')}.`);
  return { median: medianOf(sorted), min, max };
}

/** Value by value, so that what disturbed a whole round cancels out. Both lists have the rounds in order. */
export function ratiosOf(values: readonly number[], baseline: readonly number[]): readonly number[] {
  if (values.length !== baseline.length) throw new RangeError('Ratios need the same rounds on both sides.');
  return values.map((value, round) => value / (baseline[round] ?? Number.NaN));
}

function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}
