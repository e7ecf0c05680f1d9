import type { RequirementRow } from '../../requirements.ts';
import type { Coverage, Manifest } from './coverage.ts';

/** The requirement table as Markdown: id, rule, tests, result. */
export function requirementTable(
  rows: readonly Coverage[],
  requirements: Readonly<Record<string, RequirementRow>>,
  { gaps, partly }: Pick<Manifest, 'gaps' | 'partly'>,
): string {
  const lines = rows.map(({ id, tests, result }) => {
    const row = requirements[id];
    const proof =
      result === 'gap'
        ? `known gap: ${gaps[id] ?? ''}`
        : `${tests.length} test${tests.length === 1 ? '' : 's'}${partly[id] === undefined ? '' : `; missing: ${partly[id]}`}`;
    return `| ${id} | ${cell(row?.must ?? '')} | ${cell(row?.source ?? '')} | ${cell(proof)} | ${result} |`;
  });
  return ['| id | rule | source | proof | result |', '|---|---|---|---|---|', ...lines, ''].join('\n');
}

/** One line for each requirement on a terminal. */
export function requirementLines(rows: readonly Coverage[]): readonly string[] {
  return rows.map(
    ({ id, tests, result }) => `${id.padEnd(24)} ${String(tests.length).padStart(4)} tests  ${result}`,
  );
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
