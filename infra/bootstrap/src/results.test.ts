import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readResults, testedWorkspaces } from './results.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bootstrap-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: unknown): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

function report(success: boolean, testResults: unknown[]): void {
  write('packages/a/.results/vitest.json', { success, testResults });
}

const suite = (status: string, assertionResults: unknown[], message = '') => ({
  name: join(root, 'packages/a/src/a.test.ts'),
  status,
  message,
  assertionResults,
});

describe('readResults', () => {
  it('tells passed, failed and skipped apart', () => {
    report(false, [
      suite('failed', [
        { fullName: 'passes', status: 'passed' },
        { fullName: 'fails', status: 'failed', failureMessages: ['expected 1'] },
        { fullName: 'waits', status: 'pending' },
        { fullName: 'to do', status: 'todo' },
      ]),
    ]);
    expect(
      readResults(root, 'packages/a').map(({ title, status, message }) => [title, status, message]),
    ).toEqual([
      ['passes', 'passed', ''],
      ['fails', 'failed', 'expected 1'],
      ['waits', 'skipped', ''],
      ['to do', 'skipped', ''],
    ]);
  });

  it('counts a file that cannot be loaded as a failure', () => {
    report(false, [suite('failed', [], 'SyntaxError: x')]);
    expect(readResults(root, 'packages/a')).toMatchObject([
      {
        status: 'failed',
        title: 'could not be run',
        message: 'SyntaxError: x',
        file: 'packages/a/src/a.test.ts',
      },
    ]);
  });

  it('counts a run that wrote no report as a failure', () => {
    expect(readResults(root, 'packages/a')).toMatchObject([{ status: 'failed', title: 'wrote no report' }]);
  });

  it('counts a run that failed outside of its tests as a failure', () => {
    report(false, [suite('passed', [{ fullName: 'passes', status: 'passed' }])]);
    expect(readResults(root, 'packages/a').map(({ status }) => status)).toEqual(['passed', 'failed']);
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
