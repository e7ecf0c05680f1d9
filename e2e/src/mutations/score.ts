import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scored } from './scored.ts';
import { copyWorkspace } from './workspace-copy.ts';

/** How many of the mutants that Stryker made of a package the tests of that package notice. */
export interface Score {
  readonly name: string;
  readonly killed: number;
  readonly survived: number;
  /** Share of those noticed, in percent; mutants that do not run are left out. */
  readonly percent: number;
  /** Where nobody noticed, as `file:line: what stood there instead`. */
  readonly unnoticed: readonly string[];
}

export interface ScoreOptions {
  /** Root of the project. */
  readonly root: string;
  /** A name of {@link scored}. */
  readonly name: string;
  readonly jobs: number;
  readonly signal: AbortSignal;
  /** Told what Stryker says. */
  readonly say: (line: string) => void;
}

/** Runs Stryker on one package, in a throw-away copy of the project. */
export async function score({ root, name, jobs, signal, say }: ScoreOptions): Promise<Score> {
  const copy = copyWorkspace(root);
  const removeCopy = () => copy.remove();
  process.once('exit', removeCopy);
  try {
    const cwd = join(copy.root, 'packages', name);
    const report = join(cwd, '.results', 'stryker.json');
    rmSync(report, { force: true });
    writeFileSync(join(cwd, 'stryker.conf.json'), JSON.stringify(settings(name, report, jobs)));
    await runStryker(cwd, signal, say);
    return scoreOf(name, JSON.parse(readFileSync(report, 'utf8')) as StrykerReport);
  } finally {
    process.removeListener('exit', removeCopy);
    removeCopy();
  }
}

/** In place, for the place is a copy. What only counts at load time would need a run of all tests each. */
function settings(name: string, report: string, jobs: number): object {
  return {
    testRunner: 'vitest',
    plugins: [fileURLToPath(import.meta.resolve('@stryker-mutator/vitest-runner'))],
    mutate: scored[name],
    inPlace: true,
    ignoreStatic: true,
    coverageAnalysis: 'perTest',
    concurrency: jobs,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: report },
    allowConsoleColors: false,
  };
}

function runStryker(cwd: string, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const core = createRequire(import.meta.url).resolve('@stryker-mutator/core/package.json');
  const script = join(dirname(core), 'bin', 'stryker.js');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, 'run', 'stryker.conf.json'], {
      cwd,
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let tail = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        tail = (tail + chunk).slice(-1000);
        for (const line of chunk.split('\n')) if (line.trim() !== '') say(line);
      });
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`Stryker ended with exit code ${code}:\n${tail}`)),
    );
  });
}

/** The part of the mutation testing report schema that is read. */
interface StrykerReport {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly mutants: readonly {
          readonly status: string;
          readonly replacement?: string;
          readonly location: { readonly start: { readonly line: number } };
        }[];
      }
    >
  >;
}

const noticed = new Set(['Killed', 'Timeout']);
const passedOver = new Set(['Survived', 'NoCoverage']);

/** The score of a report; the names of statuses are Stryker's. */
export function scoreOf(name: string, { files }: StrykerReport): Score {
  const mutants = Object.entries(files).flatMap(([file, { mutants: found }]) =>
    found.map((mutant) => ({ file, ...mutant })),
  );
  const killed = mutants.filter(({ status }) => noticed.has(status)).length;
  const open = mutants.filter(({ status }) => passedOver.has(status));
  const unnoticed = open.map(
    ({ file, location, replacement = '' }) =>
      `${file}:${location.start.line}: ${replacement.replaceAll(/\s+/g, ' ')}`,
  );
  const percent = (100 * killed) / Math.max(1, killed + open.length);
  return { name, killed, survived: open.length, percent, unnoticed };
}

/** Package, score, numbers; then every place that nobody noticed. */
export function scoreTable(scores: readonly Score[]): string {
  return scores
    .map(({ name, killed, survived, percent, unnoticed }) =>
      [
        `packages/${name}: ${percent.toFixed(1)} % of ${killed + survived} mutants noticed`,
        ...unnoticed.map((place) => `  ${place}`),
      ].join('\n'),
    )
    .join('\n\n');
}
