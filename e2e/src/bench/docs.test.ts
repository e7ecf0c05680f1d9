import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chart } from './chart.ts';
import { measurements } from './measurements.ts';
import { recorded, withFigures } from './record.ts';
import type { Report } from './report.ts';

const document = readFileSync(recorded.document, 'utf8');
const report = JSON.parse(readFileSync(recorded.report, 'utf8')) as Report;

describe('docs/performance.md', () => {
  it('has the figures of the run whose raw data are beside it, and no others', () => {
    expect(withFigures(document, report)).toBe(document);
    expect(document.match(/<!-- \/?(?:goals|figures) -->/g)).toEqual([
      '<!-- goals -->',
      '<!-- /goals -->',
      '<!-- figures -->',
      '<!-- /figures -->',
    ]);
  });

  it('has the chart of that run', () => {
    expect(readFileSync(recorded.chart, 'utf8')).toBe(chart(report));
    expect(document).toContain('(performance.svg)');
    expect(existsSync(recorded.chart)).toBe(true);
  });

  it('is of contenders that the bench has still, as it calls them now', () => {
    const known = measurements.flatMap(({ id, contenders }) =>
      contenders.map((contender) => `${id} ${contender.id} ${contender.label}`),
    );
    const measured = report.results.flatMap(({ id, contenders }) =>
      contenders.map((contender) => `${id} ${contender.id} ${contender.label}`),
    );
    expect(known).toEqual(expect.arrayContaining(measured));
  });
});
