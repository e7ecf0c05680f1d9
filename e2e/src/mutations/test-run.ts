import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestPlace } from './mutant.ts';

/** One test, and how it ended. */
export interface TestOutcome {
  readonly title: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
}

/** What a run of tests said. */
export interface TestRun {
  readonly tests: readonly TestOutcome[];
  /** True when the run took too long and was ended. */
  readonly timedOut: boolean;
  /** What it last wrote, for a run that said nothing about any test. */
  readonly tail: string;
}

export interface TestRunOptions {
  /** Root of a copy. */
  readonly root: string;
  readonly place: TestPlace;
  /** Ids of requirements; only tests that claim one of them run. */
  readonly ids: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Runs the tests of one place that claim one of the requirements. */
export async function runTests({ root, place, ids, timeoutMs, signal }: TestRunOptions): Promise<TestRun> {
  const cwd = join(root, place.workspace);
  const report = join(cwd, '.results', 'mutant.json');
  rmSync(report, { force: true });
  const args = [
    join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    ...(place.files ?? []),
    `--testNamePattern=\\[(?:${ids.join('|')})\\]`,
    '--passWithNoTests',
    '--testTimeout=30000',
    '--hookTimeout=60000',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const { tail, timedOut } = await inGroup(args, cwd, timeoutMs, signal);
  return { tests: existsSync(report) ? readReport(report) : [], timedOut, tail };
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function readReport(path: string): readonly TestOutcome[] {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, status }) => ({
      title: fullName,
      outcome: status === 'passed' || status === 'failed' ? status : 'skipped',
    })),
  );
}

/** In a process group of its own, so that what tests started ends with them. */
function inGroup(args: readonly string[], cwd: string, timeoutMs: number, signal: AbortSignal) {
  return new Promise<{ tail: string; timedOut: boolean }>((resolve, reject) => {
    let tail = '';
    let timedOut = false;
    const child = spawn(process.execPath, args, {
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    const end = () => {
      try {
        process.kill(-(child.pid ?? 0), 'SIGKILL');
      } catch {
        // It has ended already.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, timeoutMs);
    const stop = () => end();
    signal.addEventListener('abort', stop, { once: true });
    process.once('exit', stop);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        tail = (tail + chunk).slice(-2000);
      });
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      process.removeListener('exit', stop);
      if (signal.aborted) reject(signal.reason);
      else resolve({ tail, timedOut });
    });
  });
}
