import { describe, expect, it } from 'vitest';
import { formatTable, requirementTable } from './requirement-table.mjs';

const test = (title: string, status: 'passed' | 'failed' | 'skipped') => ({
  workspace: 'packages/a',
  file: 'packages/a/src/a.test.ts',
  title,
  status,
  message: '',
});
const manifest = {
  'rs:typ': { must: 'typ is checked' },
  'rs:alg': { must: 'alg is checked' },
  'tb:mint': { must: 'mints', gap: 'comes with issue 5' },
  'rs:time': { must: 'time' },
  'rs:size': { must: 'size' },
};

describe('requirementTable', () => {
  const rows = requirementTable(
    [
      test('refuses an ID token [rs:typ]', 'passed'),
      test('refuses none [rs:typ] [rs:alg]', 'failed'),
      test('waits for Redis [rs:time]', 'skipped'),
      test('knows what nobody asked for [op:new]', 'passed'),
      test('takes brackets [1] for no id', 'passed'),
    ],
    manifest,
  );

  it.each([
    ['a failure of one of its tests', 'rs:alg', 'failed'],
    ['a failure beside a success', 'rs:typ', 'failed'],
    ['a known gap', 'tb:mint', 'gap'],
    ['a test that was skipped', 'rs:time', 'unproved'],
    ['no test at all', 'rs:size', 'unproved'],
    ['an id that is in a title alone', 'op:new', 'proved'],
  ])('judges %s', (_, id, result) => {
    expect(rows.find((row) => row.id === id)?.result).toBe(result);
  });

  it('has no row that is neither in the manifest nor in a title', () => {
    expect(rows.map(({ id }) => id)).toEqual([...Object.keys(manifest), 'op:new']);
  });

  it('writes a cell for each, whatever is in the title', () => {
    const text = formatTable(requirementTable([test('a | b\nc [rs:typ]', 'passed')], manifest));
    expect(text).toContain(
      '| rs:typ | proved | typ is checked | passed: a \\| b c [rs:typ] (packages/a/src/a.test.ts) |',
    );
    expect(text).toContain('| tb:mint | gap | comes with issue 5 |  |');
  });
});
