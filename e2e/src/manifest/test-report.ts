import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** One test as its runner reported it. */
export interface TestResult {
  readonly title: string;
  readonly file: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
}

const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ title: z.string(), status: z.string() })),
    }),
  ),
});

/** The tests of one JSON report of Vitest. Throws when the file is none. */
export function readTestReport(path: string): readonly TestResult[] {
  const { testResults } = report.parse(JSON.parse(readFileSync(path, 'utf8')));
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ title, status }) => ({
      title,
      file: name,
      outcome: status === 'passed' || status === 'failed' ? status : ('skipped' as const),
    })),
  );
}
