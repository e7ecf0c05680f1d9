import { expect, it } from 'vitest';
import { timeTable } from './time-table.mjs';

it('the table of times tells the two kinds of tests apart, slowest first', () => {
  expect(
    timeTable([
      { folder: 'packages/a', milliseconds: { test: 2000 } },
      { folder: 'apps/b', milliseconds: { test: 1000, 'test:integration': 61_000 } },
      { folder: 'apps/none', milliseconds: {} },
    ]),
  ).toEqual([
    '                  test integration',
    'apps/b           1.0 s   1 min 1 s',
    'packages/a       2.0 s',
    'apps/none',
  ]);
});
