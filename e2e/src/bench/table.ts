import type { MeasurementResult } from './result.ts';
import type { Spread } from './statistics.ts';

const heading = ['', 'CPU µs per call', 'min–max', 'ratio', 'min–max'];

/** The results as one Markdown table that is also readable as text. */
export function table(results: readonly MeasurementResult[]): string {
  const rows = results.flatMap(({ title, contenders }) => [
    [`**${title}**`, '', '', '', ''],
    ...contenders.map((contender) =>
      'missing' in contender
        ? [contender.label, `not measured: ${contender.missing}`, '', '', '']
        : [
            contender.label,
            figure(contender.cpuMicros.median),
            range(contender.cpuMicros),
            ...(contender.baseline ? ['1', ''] : [figure(contender.ratio.median), range(contender.ratio)]),
          ],
    ),
  ]);
  const widths = heading.map((_, column) =>
    Math.max(...[heading, ...rows].map((row) => (row[column] ?? '').length), 3),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(heading), rule, ...rows.map(line)].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function range({ min, max }: Spread): string {
  return `${figure(min)}–${figure(max)}`;
}

/** Two figures below ten, whole numbers from there: no more is meant. */
function figure(value: number): string {
  if (value >= 10) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(2)));
}
