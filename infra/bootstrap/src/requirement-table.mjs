/**
 * @typedef {import('./results.mjs').TestResult} TestResult
 * @typedef {{ source?: string, must?: string, gap?: string }} Requirement
 * @typedef {{ id: string, result: 'proved' | 'failed' | 'gap' | 'unproved', must: string, gap: string, tests: TestResult[] }} Row
 */

/**
 * Requirement → tests → result. A requirement is proved when a test that names its id passed and none failed;
 * ids come from the manifest and from the titles, so an id in a title that the manifest does not know is seen.
 *
 * @param {readonly TestResult[]} results
 * @param {Readonly<Record<string, Requirement>>} manifest
 * @returns {Row[]}
 */
export function requirementTable(results, manifest) {
  /** @type {Map<string, TestResult[]>} */
  const tests = new Map(Object.keys(manifest).map((id) => [id, []]));
  for (const result of results) {
    for (const [, id = ''] of result.title.matchAll(/\[([a-z]{2,3}:[a-z0-9-]+)\]/g)) {
      tests.set(id, [...(tests.get(id) ?? []), result]);
    }
  }
  return [...tests].map(([id, proofs]) => {
    const { must = '', gap = '' } = manifest[id] ?? {};
    return { id, result: judge(proofs, gap), must, gap, tests: proofs };
  });
}

/**
 * @param {readonly TestResult[]} proofs
 * @param {string} gap
 * @returns {Row['result']}
 */
function judge(proofs, gap) {
  if (proofs.some(({ status }) => status === 'failed')) return 'failed';
  if (gap !== '') return 'gap';
  return proofs.some(({ status }) => status === 'passed') ? 'proved' : 'unproved';
}

/**
 * The table as Markdown.
 * @param {readonly Row[]} rows
 */
export function formatTable(rows) {
  const lines = rows.map(({ id, result, must, gap, tests }) => {
    const proofs = tests.map(({ file, title, status }) => `${status}: ${title} (${file})`);
    return `| ${[id, result, gap || must, proofs.join('<br>')].map(cell).join(' | ')} |`;
  });
  return ['| id | result | rule, or why it is a gap | tests |', '|---|---|---|---|', ...lines, ''].join('\n');
}

/** @param {string} text */
function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}
