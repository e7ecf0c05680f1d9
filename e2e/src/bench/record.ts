import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chart } from './chart.ts';
import { describeRun, type Report } from './report.ts';
import { goalTable, table } from './table.ts';

const docs = new URL('../../../docs/', import.meta.url);

/** Where a recorded run is kept. */
export const recorded = {
  report: fileURLToPath(new URL('performance/bench.json', docs)),
  chart: fileURLToPath(new URL('performance.svg', docs)),
  document: fileURLToPath(new URL('performance.md', docs)),
} as const;

/** Keeps a run as the one that the documentation tells of: its raw data, its chart, and the figures in the text. */
export function recordRun(report: Report): void {
  mkdirSync(new URL('performance/', docs), { recursive: true });
  writeFileSync(recorded.report, `${JSON.stringify(report, undefined, 2)}\n`);
  writeFileSync(recorded.chart, chart(report));
  writeFileSync(recorded.document, withFigures(readFileSync(recorded.document, 'utf8'), report));
}

/** The text with the figures of that run between its marks. */
export function withFigures(text: string, report: Report): string {
  const blocks = {
    goals: goalTable(report.summary),
    figures: `${table(report)}\n\n${describeRun(report)}`,
  };
  return Object.entries(blocks).reduce((document, [name, block]) => {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    return document.replace(new RegExp(`${begin}[\\s\\S]*?${end}`), () =>
      [begin, '', block, '', end].join('\n'),
    );
  }, text);
}
