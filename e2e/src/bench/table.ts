import { countGoals, ratioGoals } from './goals.ts';
import type { MeasurementResult, TrialResult } from './result.ts';
import type { Spread } from './statistics.ts';
import type { Summary } from './summary.ts';

const heading = ['', 'CPU µs per call', 'min–max', 'ratio', 'min–max', 'calls/s'];

/** The results as one Markdown table that is also readable as text. */
export function table({
  results,
  trials,
}: {
  readonly results: readonly MeasurementResult[];
  readonly trials: readonly TrialResult[];
}): string {
  return layOut(heading, [
    ...results.flatMap(({ title, contenders }) => [
      [`**${title}**`],
      ...contenders.map((contender) =>
        'missing' in contender
          ? [contender.label, `not measured: ${contender.missing}`]
          : [
              contender.label,
              figure(contender.cpuMicros.median),
              range(contender.cpuMicros),
              ...(contender.baseline ? ['1', ''] : [figure(contender.ratio.median), range(contender.ratio)]),
              figure(contender.callsPerSecond.median),
            ],
      ),
    ]),
    ...trials.flatMap((trial) => [
      [`**${trial.title}**`],
      ...('missing' in trial
        ? [['', `not measured: ${trial.missing}`]]
        : Object.entries(trial.labels).map(([name, label]) => [
            label,
            figure(trial.facts[name] ?? Number.NaN),
          ])),
    ]),
  ]);
}

/** The goals and what was found, as a Markdown table. */
export function goalTable({ ratios, upstreamCalls, bytesPerEntry, stallSlowdown }: Summary): string {
  const counts = { bytesPerEntry, stallSlowdown, ...upstreamCalls };
  return layOut(
    ['', 'goal', 'found', ''],
    [
      ...Object.entries(ratioGoals).map(([name, { label, ...rest }]) =>
        goalRow(label, 'goal' in rest ? rest.goal : {}, ratios[name as keyof typeof ratios]),
      ),
      ...Object.entries(countGoals).map(([name, { label, atMost }]) =>
        goalRow(label, { atMost }, counts[name as keyof typeof counts]),
      ),
    ],
  );
}

function goalRow(
  label: string,
  { atMost, atLeast }: { readonly atMost?: number; readonly atLeast?: number },
  found: number | null,
): readonly string[] {
  const wanted = atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : '';
  if (found === null) return [label, wanted, 'not measured', ''];
  const met = found <= (atMost ?? Number.POSITIVE_INFINITY) && found >= (atLeast ?? Number.NEGATIVE_INFINITY);
  return [label, wanted, found.toLocaleString('en-US'), wanted === '' ? '' : met ? 'met' : 'missed'];
}

function layOut(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length), 3),
  );
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => pad(row[column] ?? '', width, column)).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

function range({ min, max }: Spread): string {
  return `${figure(min)}–${figure(max)}`;
}

/** Two figures below ten, whole numbers from there: no more is meant. */
function figure(value: number): string {
  if (Math.abs(value) >= 10) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(2)));
}
