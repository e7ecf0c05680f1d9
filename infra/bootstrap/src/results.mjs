import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * @typedef {{ workspace: string, file: string, title: string, status: 'passed' | 'failed' | 'skipped', message: string }} TestResult
 * @typedef {{ results: TestResult[], milliseconds: Partial<Record<Script, number>> }} WorkspaceRun
 * @typedef {keyof typeof reports} Script
 */

/** The scripts of a workspace that run tests, and the report that each writes. */
const reports = {
  test: join('.results', 'vitest.json'),
  'test:integration': join('.results', 'integration.json'),
};

/** The folders that hold workspaces; `pnpm-workspace.yaml` names the same. */
const workspaceGlobs = ['apps/*', 'packages/*', 'infra/*', 'e2e'];

/**
 * The workspaces with tests, by folder.
 * @param {string} root
 * @returns {string[]}
 */
export function testedWorkspaces(root) {
  return globSync(
    workspaceGlobs.map((pattern) => `${pattern}/package.json`),
    { cwd: root },
  )
    .map((file) => file.slice(0, -'/package.json'.length))
    .filter((folder) => testFiles(root, folder).length > 0)
    .sort();
}

/**
 * Where the scripts of a workspace write their reports.
 * @param {string} folder
 */
export function reportsOf(folder) {
  return Object.values(reports).map((report) => join(folder, report));
}

/**
 * The tests of one workspace, and how long each of its scripts took. A file that could not be loaded, a file that
 * no script ran, and a report that is not there count as a failed test: nothing is passed over in silence.
 *
 * @param {string} root
 * @param {string} folder
 * @returns {WorkspaceRun}
 */
export function readRun(root, folder) {
  /** @type {WorkspaceRun} */
  const run = { results: [], milliseconds: {} };
  const { scripts = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const missed = new Set(testFiles(root, folder));
  for (const [name, path] of Object.entries(reports)) {
    const script = /** @type {Script} */ (name);
    if (scripts[script] === undefined) continue;
    const file = join(root, folder, path);
    if (!existsSync(file)) {
      const message = `The script ${script} of this workspace did not finish.`;
      run.results.push(failure(folder, folder, 'wrote no report', message));
      missed.clear();
      continue;
    }
    const report = JSON.parse(readFileSync(file, 'utf8'));
    for (const { name: suite } of report.testResults) missed.delete(relative(root, suite));
    run.results.push(...reportResults(root, folder, report));
    run.milliseconds[script] = duration(report);
  }
  for (const file of missed) {
    run.results.push(failure(folder, file, 'was not run', 'No script of this workspace runs this file.'));
  }
  return run;
}

/**
 * @param {string} root
 * @param {string} folder
 */
function testFiles(root, folder) {
  return globSync('{src,test,tests}/**/*.test.ts', { cwd: join(root, folder) }).map((file) =>
    join(folder, file),
  );
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {any} report
 * @returns {TestResult[]}
 */
function reportResults(root, folder, report) {
  /** @type {TestResult[]} */
  const results = report.testResults.flatMap((/** @type {any} */ suite) => suiteResults(root, folder, suite));
  if (report.success || results.some(({ status }) => status === 'failed')) return results;
  return [...results, failure(folder, folder, 'failed outside of its tests', 'See the log of the tests.')];
}

/**
 * From the start of the run to the end of its last file.
 * @param {{ startTime: number, testResults: { endTime: number }[] }} report
 */
function duration({ startTime, testResults }) {
  return Math.max(startTime, ...testResults.map(({ endTime }) => endTime)) - startTime;
}

/**
 * @param {string} root
 * @param {string} workspace
 * @param {any} suite
 * @returns {TestResult[]}
 */
function suiteResults(root, workspace, suite) {
  const file = relative(root, suite.name);
  /** @type {TestResult[]} */
  const tests = suite.assertionResults.map((/** @type {any} */ test) => ({
    workspace,
    file,
    title: test.fullName,
    status: test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped',
    message: (test.failureMessages ?? []).join('\n'),
  }));
  if (suite.status !== 'failed' || tests.some(({ status }) => status === 'failed')) return tests;
  return [...tests, failure(workspace, file, 'could not be run', suite.message ?? '')];
}

/**
 * @param {string} workspace
 * @param {string} file
 * @param {string} title
 * @param {string} message
 * @returns {TestResult}
 */
function failure(workspace, file, title, message) {
  return { workspace, file, title, status: 'failed', message };
}
