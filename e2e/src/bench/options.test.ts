import { describe, expect, it } from 'vitest';
import { measurements } from './measurements.ts';
import { readOptions, UsageError } from './options.ts';
import { trials } from './trials.ts';

describe('the options of the bench', () => {
  it('measure everything when nothing else is said', () => {
    const all = [...measurements, ...trials].map(({ id }) => id);
    expect(readOptions([])).toMatchObject({ json: false, only: all });
  });

  it('measure less with --quick and --only', () => {
    const [full, quick] = [[], ['--quick', '--only', 'broker']].map(readOptions);
    if (full === 'help' || quick === 'help' || full === undefined || quick === undefined) throw new Error();
    expect(quick.only).toEqual(['broker']);
    expect(quick.effort.rounds * quick.effort.sliceMs).toBeLessThan(full.effort.rounds * full.effort.sliceMs);
  });

  it.each([
    [['--only', 'coffee'], '--only knows validate-cold'],
    [['--fast'], "Unknown option '--fast'"],
    [['now'], "Unexpected argument 'now'"],
  ])('refuse %j by name', (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
});

describe('a measurement', () => {
  it.each(measurements)('$id has a baseline among its contenders, and names each once', (measurement) => {
    const ids = measurement.contenders.map(({ id }) => id);
    expect(ids).toContain(measurement.baseline);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
