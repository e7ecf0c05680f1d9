import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { claimsOf, coverageOf, manifestProblems } from './coverage.ts';

const manifest = {
  requirements: { 'rs:a': {}, 'rs:b': {}, 'rs:c': {} },
  gaps: { 'rs:c': 'later' },
  partly: {},
};
const test = (title: string, outcome: 'passed' | 'failed' | 'skipped' = 'passed') => ({
  title,
  file: 'x.test.ts',
  outcome,
});

describe('requirement manifest', () => {
  it('reads the ids a title claims', () => {
    expect(claimsOf(verifies(['rs:a', 'rs:b'], 'refuses [brackets] of others'))).toEqual(['rs:a', 'rs:b']);
  });

  it('is content when each id is proved or a gap', () => {
    expect(manifestProblems(manifest, [test('x [rs:a]'), test('y [rs:b]')])).toEqual([]);
  });

  it.each([
    ['an id without proof', [test('x [rs:a]')], 'rs:b has no test and is not listed as a gap.'],
    ['a failing proof', [test('x [rs:a]'), test('y [rs:b]', 'failed')], 'rs:b has a failing test.'],
    [
      'a proof that was skipped',
      [test('x [rs:a]'), test('y [rs:b]', 'skipped')],
      'rs:b is claimed by skipped tests only.',
    ],
    ['a gap that is proved', [test('x [rs:a] [rs:b] [rs:c]')], 'rs:c is listed as a gap and has 1 tests.'],
    [
      'a claim of an unknown id',
      [test('x [rs:a] [rs:b] [rs:z]')],
      'x.test.ts: "x [rs:a] [rs:b] [rs:z]" claims rs:z, which is no requirement.',
    ],
  ])('names %s', (_case, results, problem) => {
    expect(manifestProblems(manifest, results)).toEqual([problem]);
  });

  it('lets proofs be skipped where a real part may be missing', () => {
    const results = [test('x [rs:a]'), test('y [rs:b]', 'skipped')];
    expect(manifestProblems(manifest, results, { everyPart: false })).toEqual([]);
    expect(coverageOf(manifest, results).map(({ result }) => result)).toEqual(['passed', 'skipped', 'gap']);
  });

  it('tells what is met in part from what is met, and still needs its tests to pass', () => {
    const inPart = { ...manifest, partly: { 'rs:b': 'one case is missing' } };
    const results = [test('x [rs:a]'), test('y [rs:b]')];
    expect(coverageOf(inPart, results).map(({ result }) => result)).toEqual(['passed', 'in part', 'gap']);
    expect(manifestProblems(inPart, results)).toEqual([]);
    expect(manifestProblems(inPart, [test('x [rs:a]'), test('y [rs:b]', 'failed')])).toEqual([
      'rs:b has a failing test.',
    ]);
    expect(manifestProblems({ ...inPart, partly: { 'rs:c': 'x', 'rs:z': 'x' } }, results)).toEqual([
      'The gap rs:z is no requirement.',
      'rs:c is listed as a gap and as met in part.',
    ]);
  });
});
