import { describe, expect, it } from 'vitest';
import { listing, readOptions, UsageError } from './options.ts';

const namesOf = (...args: string[]) => {
  const options = readOptions(args);
  return typeof options === 'string' ? options : options.mutants.map(({ name }) => name);
};

describe('the options of npm run mutations', () => {
  it('choose mutants by name or requirement', () => {
    expect(namesOf('--only', 'may-act')).toEqual(['may-act-ignored']);
    expect(namesOf('--only', 'rs:audience')).toEqual(['audience-not-checked', 'any-companion-audience']);
    expect(namesOf('--only', 'may-act', '--only', 'any-size')).toEqual(['any-size', 'may-act-ignored']);
  });

  it('list what there is', () => {
    expect(readOptions(['--list'])).toBe('list');
    expect(listing()).toContain('audience-not-checked');
    expect(readOptions(['--help'])).toBe('help');
  });

  it.each([
    [['--only', 'nothing'], 'No mutant is named nothing.'],
    [['--jobs', '0'], '--jobs must be a whole number from 1 to 8, not 0.'],
    [['--jobs', 'many'], '--jobs must be a whole number from 1 to 8, not many.'],
    [['--score', 'grant'], '--score knows scopes, validator, exchange and all, not grant.'],
    [['--fast'], "Unknown option '--fast'"],
  ])('are refused: %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
});
