import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRun, reportsOf, testedWorkspaces } from './results.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bootstrap-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: unknown): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

const readResults = () => readRun(root, 'packages/a').results;

/** What a script of `packages/a` reports; the run began at 1,000 ms. */
function report(success: boolean, testResults: unknown[], name = 'vitest'): void {
  write('packages/a/package.json', { scripts: { test: 'vitest run --dir src' } });
  write(`packages/a/.results/${name}.json`, { success, startTime: 1000, testResults });
}

const suite = (status: string, assertionResults: unknown[], message = '', file = 'src/a.test.ts') => ({
  name: join(root, 'packages/a', file),
  endTime: 3500,
  status,
  message,
  assertionResults,
});

describe('readRun', () => {
  it('tells passed, failed and skipped apart', () => {
    report(false, [
      suite('failed', [
        { fullName: 'passes', status: 'passed' },
        { fullName: 'fails', status: 'failed', failureMessages: ['expected 1'] },
        { fullName: 'waits', status: 'pending' },
        { fullName: 'to do', status: 'todo' },
      ]),
    ]);
    expect(readResults().map(({ title, status, message }) => [title, status, message])).toEqual([
      ['passes', 'passed', ''],
      ['fails', 'failed', 'expected 1'],
      ['waits', 'skipped', ''],
      ['to do', 'skipped', ''],
    ]);
  });

  it('counts a file that cannot be loaded as a failure', () => {
    report(false, [suite('failed', [], 'SyntaxError: x')]);
    expect(readResults()).toMatchObject([
      {
        status: 'failed',
        title: 'could not be run',
        message: 'SyntaxError: x',
        file: 'packages/a/src/a.test.ts',
      },
    ]);
  });

  it('counts a run that wrote no report as a failure', () => {
    write('packages/a/package.json', { scripts: { test: 'vitest run' } });
    expect(readResults()).toMatchObject([{ status: 'failed', title: 'wrote no report' }]);
  });

  it('counts a run that failed outside of its tests as a failure', () => {
    report(false, [suite('passed', [{ fullName: 'passes', status: 'passed' }])]);
    expect(readResults().map(({ status }) => status)).toEqual(['passed', 'failed']);
  });

  it('counts the tests of both scripts, and says how long each took', () => {
    report(true, [suite('passed', [{ fullName: 'alone', status: 'passed' }])]);
    report(
      true,
      [suite('passed', [{ fullName: 'together', status: 'passed' }], '', 'test/b.test.ts')],
      'integration',
    );
    write('packages/a/package.json', { scripts: { test: 'unit', 'test:integration': 'whole' } });
    const { results, milliseconds } = readRun(root, 'packages/a');
    expect(results.map(({ title }) => title)).toEqual(['alone', 'together']);
    expect(milliseconds).toEqual({ test: 2500, 'test:integration': 2500 });
  });

  it('counts a second script that wrote no report as a failure, beside the tests of the first', () => {
    report(true, [suite('passed', [{ fullName: 'alone', status: 'passed' }])]);
    write('packages/a/package.json', { scripts: { test: 'unit', 'test:integration': 'whole' } });
    expect(readResults().map(({ title }) => title)).toEqual(['alone', 'wrote no report']);
  });

  it('counts the tests of the second script where the first wrote no report', () => {
    write('packages/a/src/a.test.ts', '');
    report(true, [suite('passed', [{ fullName: 'together', status: 'passed' }])], 'integration');
    write('packages/a/package.json', { scripts: { test: 'unit', 'test:integration': 'whole' } });
    expect(readResults().map(({ title }) => title)).toEqual(['wrote no report', 'together']);
  });

  it('counts a file of tests that no script ran as a failure', () => {
    for (const file of ['src/a.test.ts', 'test/forgotten.test.ts']) write(`packages/a/${file}`, '');
    report(true, [suite('passed', [{ fullName: 'alone', status: 'passed' }])]);
    expect(readResults()).toMatchObject([
      { title: 'alone' },
      { title: 'was not run', status: 'failed', file: 'packages/a/test/forgotten.test.ts' },
    ]);
  });
});

describe('reportsOf', () => {
  it('names the report of each script', () => {
    expect(reportsOf('apps/b')).toEqual(['apps/b/.results/vitest.json', 'apps/b/.results/integration.json']);
  });
});

describe('testedWorkspaces', () => {
  it('finds the workspaces that have tests, and no others', () => {
    for (const path of ['packages/a', 'packages/b', 'apps/c', 'e2e']) write(`${path}/package.json`, {});
    for (const path of ['packages/a/src/a.test.ts', 'apps/c/test/deep/c.test.ts', 'e2e/src/x.test.ts']) {
      write(path, '');
    }
    write('docs/d.test.ts', '');
    expect(testedWorkspaces(root)).toEqual(['apps/c', 'e2e', 'packages/a']);
  });
});
