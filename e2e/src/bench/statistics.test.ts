import { describe, expect, it } from 'vitest';
import { ratiosOf, spreadOf } from './statistics.ts';

describe('the spread of values', () => {
  it.each([
    ['an odd number of values', [30, 10, 20], { median: 20, min: 10, max: 30 }],
    ['an even number of values', [4, 1, 3, 2], { median: 2.5, min: 1, max: 4 }],
    ['a single value', [7], { median: 7, min: 7, max: 7 }],
    ['numbers, and not by their spelling', [9, 100, 20], { median: 20, min: 9, max: 100 }],
  ])('is taken of %s', (_what, values, spread) => {
    expect(spreadOf(values)).toEqual(spread);
  });

  it.each([[[]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY]]])('is refused for %j', (values) => {
    expect(() => spreadOf(values)).toThrow(RangeError);
  });
});

describe('ratios', () => {
  it('are taken round by round, so that a disturbed round does not count twice', () => {
    expect(ratiosOf([20, 200, 30], [10, 100, 15])).toEqual([2, 2, 2]);
  });

  it('are refused when the rounds are not the same', () => {
    expect(() => ratiosOf([1, 2], [1])).toThrow(RangeError);
  });
});
