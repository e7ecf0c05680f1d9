import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progressOnStderr, say, whenInterrupted } from '../command-line/command-line.ts';
import { runBench } from './bench.ts';
import { measurements } from './measurements.ts';
import { type BenchOptions, help, readOptions, UsageError } from './options.ts';
import { recordRun } from './record.ts';
import { describeRun, missingOf, type Report } from './report.ts';
import { summaryOf } from './summary.ts';
import { goalTable, table } from './table.ts';
import { trials } from './trials.ts';

const rawData = fileURLToPath(new URL('../../../artifacts/bench.json', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === 'help') return say(help, 0);
    return await bench(options);
  } catch (error) {
    if (error instanceof UsageError) return say(`${error.message}\n\n${help}`, 2);
    throw error;
  }
}

async function bench({ json, only, effort, record, out = rawData }: BenchOptions): Promise<number> {
  const interrupted = whenInterrupted();
  const progress = progressOnStderr();
  const startedAt = new Date().toISOString();
  const started = performance.now();
  const machine = {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    load: loadavg()[0] ?? 0,
  };
  try {
    const chosen = ({ id }: { readonly id: string }) => only.includes(id);
    const context = { effort, progress, signal: interrupted };
    const found = await runBench(measurements.filter(chosen), trials.filter(chosen), context);
    const summary = summaryOf(found.results, found.trials);
    const missing = missingOf(found);
    // Nothing is left out in silence where a complete run is expected.
    const ok = missing.length === 0 || process.env.CI !== 'true';
    const seconds = (performance.now() - started) / 1000;
    const report: Report = { ok, startedAt, seconds, machine, effort, summary, ...found };
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, `${JSON.stringify(report, undefined, 2)}\n`);
    if (record) recordRun(report);
    const text = `${table(report)}\n\n${goalTable(summary)}\n\n${describeRun(report)}`;
    process.stdout.write(json ? `${JSON.stringify(summary)}\n` : `${text}\n`);
    if (missing.length > 0)
      process.stderr.write(`Not measured:\n${missing.map((line) => `  ${line}\n`).join('')}`);
    return ok ? 0 : 1;
  } catch (error) {
    progress.end();
    if (interrupted.aborted) return 130;
    process.stderr.write(`The benchmark failed: ${(error as Error).message}\n`);
    if (json) process.stdout.write(`${JSON.stringify({ ok: false, error: (error as Error).message })}\n`);
    return 1;
  }
}
