import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gaps, partly } from '../gaps.ts';
import { requirements } from '../requirements.ts';
import { coverageOf, manifestProblems } from '../src/manifest/coverage.ts';
import { requirementLines, requirementTable } from '../src/manifest/table.ts';
import { readTestReport } from '../src/manifest/test-report.ts';

const root = new URL('../../', import.meta.url).pathname;
const reports = globSync('{packages,apps,infra}/*/.results/{vitest,integration}.json', { cwd: root }).concat(
  globSync('e2e/.results/vitest.json', { cwd: root }),
);

describe('requirements of the whole platform', () => {
  const results = reports.flatMap((path) => readTestReport(`${root}${path}`));

  it('are each proved by a test that passed, or listed as a gap', () => {
    mkdirSync(`${root}artifacts`, { recursive: true });
    const rows = coverageOf({ requirements, gaps, partly }, results);
    writeFileSync(`${root}artifacts/requirements.md`, requirementTable(rows, requirements, { gaps, partly }));
    writeFileSync(`${root}artifacts/requirements.txt`, `${requirementLines(rows).join('\n')}\n`);
    const everyPart = process.env.CI === 'true';
    expect(manifestProblems({ requirements, gaps, partly }, results, { everyPart })).toEqual([]);
  });
});
