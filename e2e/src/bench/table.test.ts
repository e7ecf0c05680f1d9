import { describe, expect, it } from 'vitest';
import { resultOf } from './result.ts';
import { table } from './table.ts';

const measurement = {
  id: 'greet',
  title: 'Greet',
  contenders: [
    { id: 'plain', label: 'plain' },
    { id: 'polite', label: 'polite' },
    { id: 'royal', label: 'royal' },
  ],
  baseline: 'plain',
};

const result = resultOf(
  measurement,
  new Map([
    [
      'plain',
      [
        { calls: 100, cpuMicros: 150, milliseconds: 100 },
        { calls: 100, cpuMicros: 1000, milliseconds: 100 },
        { calls: 200, cpuMicros: 400, milliseconds: 100 },
      ],
    ],
    [
      'polite',
      [
        { calls: 10, cpuMicros: 15_000, milliseconds: 100 },
        { calls: 10, cpuMicros: 100_000, milliseconds: 100 },
        { calls: 10, cpuMicros: 24_680, milliseconds: 100 },
      ],
    ],
  ]),
  new Map([['royal', 'there is no king']]),
);

describe('a result', () => {
  it('is CPU time by calls, with the ratio to the baseline in the same round', () => {
    expect(result.contenders[1]).toMatchObject({
      cpuMicros: { median: 2468, min: 1500, max: 10_000 },
      ratio: { median: 1000, min: 1000, max: 1234 },
      calls: 30,
    });
  });
});

describe('the table', () => {
  it('has a line for each contender, and says what was not measured', () => {
    const trial = {
      id: 'wave',
      title: 'Wave',
      labels: { hands: 'hands that were seen' },
      facts: { hands: 2 },
    };
    const unseen = { id: 'nod', title: 'Nod', labels: {}, missing: 'nobody looked' };
    expect(table({ results: [result], trials: [trial, unseen] })).toBe(
      [
        '|                      |                CPU µs per call |      min–max | ratio |     min–max | calls/s |',
        '| -------------------- | -----------------------------: | -----------: | ----: | ----------: | ------: |',
        '| **Greet**            |                                |              |       |             |         |',
        '| plain                |                              2 |       1.5–10 |     1 |             |   1,000 |',
        '| polite               |                          2,468 | 1,500–10,000 | 1,000 | 1,000–1,234 |     100 |',
        '| royal                | not measured: there is no king |              |       |             |         |',
        '| **Wave**             |                                |              |       |             |         |',
        '| hands that were seen |                              2 |              |       |             |         |',
        '| **Nod**              |                                |              |       |             |         |',
        '|                      |    not measured: nobody looked |              |       |             |         |',
      ].join('\n'),
    );
  });
});
