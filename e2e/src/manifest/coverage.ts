import type { TestResult } from './test-report.ts';

/** What tests say about one requirement. */
export interface Coverage {
  readonly id: string;
  readonly tests: readonly TestResult[];
  /** `gap` when the manifest lists it as one, `in part` when its tests pass and something is missing, `unproved` when nothing claims it. */
  readonly result: 'passed' | 'in part' | 'failed' | 'skipped' | 'gap' | 'unproved';
}

export interface Manifest {
  readonly requirements: Readonly<Record<string, unknown>>;
  readonly gaps: Readonly<Record<string, string | undefined>>;
  /** What is still missing of a requirement that tests prove for the rest. */
  readonly partly: Readonly<Record<string, string | undefined>>;
}

const claim = /\[([a-z]{2}:[a-z0-9-]+)\]/g;

/** Requirement ids a test title claims, as `verifies` writes them. */
export function claimsOf(title: string): readonly string[] {
  return [...title.matchAll(claim)].map(([, id = '']) => id);
}

/** Holds the tests against the manifest, one row for each requirement in its order. */
export function coverageOf(
  { requirements, gaps, partly }: Manifest,
  results: readonly TestResult[],
): readonly Coverage[] {
  return Object.keys(requirements).map((id) => {
    const tests = results.filter(({ title }) => claimsOf(title).includes(id));
    const result = resultOf(tests, gaps[id] !== undefined);
    return { id, tests, result: result === 'passed' && partly[id] !== undefined ? 'in part' : result };
  });
}

/**
 * Sentences for everything that is wrong: unproved or failing ids, gaps that are proved, claims of unknown ids.
 * That all tests of an id were skipped is wrong where every part must be there (`everyPart`).
 */
export function manifestProblems(
  manifest: Manifest,
  results: readonly TestResult[],
  { everyPart = true }: { readonly everyPart?: boolean } = {},
): readonly string[] {
  const known = new Set(Object.keys(manifest.requirements));
  const unknown = results.flatMap(({ title, file }) =>
    claimsOf(title)
      .filter((id) => !known.has(id))
      .map((id) => `${file}: "${title}" claims ${id}, which is no requirement.`),
  );
  const rows = coverageOf(manifest, results).flatMap(({ id, tests, result }) => {
    if (result === 'unproved') return [`${id} has no test and is not listed as a gap.`];
    if (result === 'skipped') return everyPart ? [`${id} is claimed by skipped tests only.`] : [];
    if (result === 'failed') return [`${id} has a failing test.`];
    return manifest.gaps[id] !== undefined && tests.length > 0
      ? [`${id} is listed as a gap and has ${tests.length} tests.`]
      : [];
  });
  const listed = [...Object.keys(manifest.gaps), ...Object.keys(manifest.partly)];
  const stray = listed.filter((id) => !known.has(id)).map((id) => `The gap ${id} is no requirement.`);
  const twice = Object.keys(manifest.partly)
    .filter((id) => manifest.gaps[id] !== undefined)
    .map((id) => `${id} is listed as a gap and as met in part.`);
  return [...unknown, ...rows, ...stray, ...twice];
}

function resultOf(tests: readonly TestResult[], gap: boolean): Coverage['result'] {
  if (gap) return 'gap';
  if (tests.length === 0) return 'unproved';
  if (tests.some(({ outcome }) => outcome === 'failed')) return 'failed';
  return tests.every(({ outcome }) => outcome === 'skipped') ? 'skipped' : 'passed';
}
