import type { Row } from './run.ts';

const columns: readonly (readonly [title: string, cell: (row: Row) => string])[] = [
  ['Redis', ({ topology }) => topology],
  ['fault', ({ fault }) => fault],
  ['tried', ({ tried }) => String(tried)],
  ['wrong', ({ wrong }) => counted(wrong)],
  ['refused', ({ refused }) => counted(refused)],
  ['slowest ms', ({ slowest }) => String(Math.round(slowest))],
  ['revoked', ({ revocations }) => String(revocations)],
  ['tried with those', ({ triedRevoked }) => String(triedRevoked)],
  ['issuer asked', ({ asked }) => String(asked)],
];

/** One line a fault, as Markdown. */
export function table(rows: readonly Row[]): string {
  const texts = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))];
  const widths = columns.map((_, at) => Math.max(...texts.map((cells) => cells[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const [head = [], ...body] = texts;
  return [line(head), rule, ...body.map(line), '', summary(rows)].join('\n');
}

/** What all rows say together. */
export function summary(rows: readonly Row[]): string {
  const tried = rows.reduce((sum, row) => sum + row.tried, 0);
  return `${rows.length} faults, ${tried} requests: ${wrongAnswers(rows)} wrong answers, ${refusals(rows)} refused.`;
}

export function wrongAnswers(rows: readonly Row[]): number {
  return rows.reduce((sum, { wrong }) => sum + total(wrong), 0);
}

function refusals(rows: readonly Row[]): number {
  return rows.reduce((sum, { refused }) => sum + total(refused), 0);
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** `3: 2 503 temporarily_unavailable, 1 no answer`. */
function counted(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? '0' : `${total(counts)}: ${parts.join(', ')}`;
}
