import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/**
 * @typedef {{ workspace: string, file: string, title: string, status: 'passed' | 'failed' | 'skipped', message: string }} TestResult
 */

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
    .filter((folder) => globSync('{src,test,tests}/**/*.test.ts', { cwd: join(root, folder) }).length > 0)
    .sort();
}

/** @param {string} folder */
export function reportOf(folder) {
  return join(folder, '.results', 'vitest.json');
}

/**
 * The tests of one workspace. A file that could not be loaded, and a report that is not there, count as a
 * failed test: nothing is passed over in silence.
 *
 * @param {string} root
 * @param {string} folder
 * @returns {TestResult[]}
 */
export function readResults(root, folder) {
  const path = join(root, reportOf(folder));
  if (!existsSync(path)) {
    return [failure(folder, folder, 'wrote no report', 'The test run of this workspace did not finish.')];
  }
  const report = JSON.parse(readFileSync(path, 'utf8'));
  /** @type {TestResult[]} */
  const results = report.testResults.flatMap((/** @type {any} */ suite) => suiteResults(root, folder, suite));
  if (report.success || results.some(({ status }) => status === 'failed')) return results;
  return [...results, failure(folder, folder, 'failed outside of its tests', 'See the log of the tests.')];
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
