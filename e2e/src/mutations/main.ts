import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Progress } from '../bench/progress.ts';
import { progressOnStderr, say, whenInterrupted } from '../command-line/command-line.ts';
import { hunt } from './hunt.ts';
import { help, listing, type MutationOptions, readOptions, UsageError } from './options.ts';
import { type Score, score, scoreTable } from './score.ts';
import { summary, table } from './table.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const rawData = fileURLToPath(new URL('../../../artifacts/mutations.json', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === 'help') return say(help, 0);
    if (options === 'list') return say(listing(), 0);
    return await run(options);
  } catch (error) {
    if (error instanceof UsageError) return say(`${error.message}\n\n${help}`, 2);
    return say((error as Error).message, 1);
  }
}

async function run(options: MutationOptions): Promise<number> {
  const interrupted = whenInterrupted();
  const progress = progressOnStderr();
  const work = options.score.length > 0 ? scorePackages : huntMutants;
  try {
    const { ok, text, report } = await work(options, progress, interrupted);
    progress.end();
    mkdirSync(dirname(rawData), { recursive: true });
    writeFileSync(rawData, `${JSON.stringify(report, undefined, 2)}\n`);
    process.stdout.write(`${options.json ? JSON.stringify(report) : text}\n`);
    return ok ? 0 : 1;
  } catch (error) {
    progress.end();
    if (interrupted.aborted) return 130;
    throw error;
  }
}

interface Outcome {
  readonly ok: boolean;
  /** For people. */
  readonly text: string;
  /** For programs. */
  readonly report: object;
}

async function huntMutants(
  { mutants, jobs }: MutationOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Outcome> {
  let done = 0;
  progress.begin(`${mutants.length} mutants`);
  const results = await hunt({
    root,
    mutants,
    jobs,
    timeoutMs: 180_000,
    now: () => performance.now(),
    signal,
    onResult: ({ mutant, verdict }) => {
      done += 1;
      progress.begin(`${done} of ${mutants.length}: ${mutant.name} ${verdict}`);
    },
  });
  const ok = results.every(({ verdict }) => verdict === 'killed');
  return { ok, text: table(results), report: { ok, summary: summary(results), results } };
}

async function scorePackages(
  { score: names, jobs }: MutationOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Outcome> {
  const scores: Score[] = [];
  for (const name of names) {
    progress.begin(`packages/${name}`);
    scores.push(await score({ root, name, jobs, signal, say: progress.step }));
  }
  return { ok: true, text: scoreTable(scores), report: { ok: true, scores } };
}
