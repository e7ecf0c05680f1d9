import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { measurements } from './measurements.ts';

const document = readFileSync(new URL('../../../docs/performance.md', import.meta.url), 'utf8');
const rows = document.split('\n').filter((line) => line.startsWith('| '));
const firstCells = rows.map((row) => row.split('|')[1]?.trim());

describe('docs/performance.md', () => {
  it('has no line that the bench does not print', () => {
    const [, , ...printed] = firstCells;
    const labels = measurements.flatMap(({ contenders }) => contenders.map(({ label }) => label));
    expect(labels).toEqual(expect.arrayContaining(printed.filter((cell) => !cell?.startsWith('**'))));
  });

  it('has figures for every contender', () => {
    const labels = new Set(measurements.flatMap(({ contenders }) => contenders.map(({ label }) => label)));
    const figures = rows.filter((row) => labels.has(row.split('|')[1]?.trim() ?? ''));
    for (const row of figures) expect(row).toMatch(/\| +[\d.,]+ \| +[\d.,]+–[\d.,]+ \|/);
  });
});
