import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProgress } from '../bench/progress.ts';
import { type HuntResult, hunt } from './hunt.ts';
import { help, listing, type MutationOptions, readOptions, UsageError } from './options.ts';
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

function say(text: string, code: number): number {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return code;
}

async function run({ json, mutants, jobs }: MutationOptions): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupt.abort(new Error('Interrupted.')));
  const progress = createProgress({
    terminal: process.stderr.isTTY === true,
    write: (text) => process.stderr.write(text),
  });
  const done: HuntResult[] = [];
  progress.begin(`${mutants.length} mutants`);
  try {
    const results = await hunt({
      root,
      mutants,
      jobs,
      timeoutMs: 120_000,
      now: () => performance.now(),
      signal: interrupt.signal,
      onResult: (result) => {
        done.push(result);
        progress.begin(`${done.length} of ${mutants.length}: ${result.mutant.name} ${result.verdict}`);
      },
    });
    progress.end();
    const ok = results.every(({ verdict }) => verdict === 'killed');
    const report = { ok, summary: summary(results), results };
    mkdirSync(dirname(rawData), { recursive: true });
    writeFileSync(rawData, `${JSON.stringify(report, undefined, 2)}\n`);
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${table(results)}\n`);
    return ok ? 0 : 1;
  } catch (error) {
    progress.end();
    if (interrupt.signal.aborted) return 130;
    throw error;
  }
}
