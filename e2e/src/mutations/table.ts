import type { HuntResult } from './hunt.ts';

/** Mutant, requirement, verdict, the test that noticed. */
export function table(results: readonly HuntResult[]): string {
  const rows = results.map((result) => ({
    name: result.mutant.name,
    breaks: result.mutant.breaks.join(' '),
    verdict: result.verdict === 'killed' ? result.verdict : result.verdict.toUpperCase(),
    note: noteOf(result),
  }));
  const width = (column: 'name' | 'breaks' | 'verdict') =>
    Math.max(0, ...rows.map((row) => row[column].length));
  const [names, breaks, verdicts] = [width('name'), width('breaks'), width('verdict')];
  const lines = rows.map((row) =>
    [row.name.padEnd(names), row.breaks.padEnd(breaks), row.verdict.padEnd(verdicts), row.note].join('  '),
  );
  return [...lines, '', summary(results)].join('\n');
}

/** How many of each, in one line. */
export function summary(results: readonly HuntResult[]): string {
  const count = (verdict: HuntResult['verdict']) => results.filter((one) => one.verdict === verdict).length;
  return `${results.length} mutants: ${count('killed')} killed, ${count('survived')} survived, ${count('undecided')} undecided`;
}

function noteOf(result: HuntResult): string {
  if (result.verdict === 'killed') return result.by;
  return result.verdict === 'undecided' ? result.why : `${result.ran} tests claim it and pass`;
}
