import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisAvailable } from '@mcp-obo/testbed/redis';
import { progressOnStderr, say, whenInterrupted } from '../command-line/command-line.ts';
import { type FaultOptions, help, readOptions, UsageError } from './options.ts';
import { summary, table, wrongAnswers } from './report.ts';
import { runFaults } from './run.ts';

const rawData = fileURLToPath(new URL('../../../artifacts/faults.json', import.meta.url));

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === 'help') return say(help, 0);
    if (!redisAvailable())
      return say('redis-server is missing: install Redis 7 (apt-get install redis-server).', 1);
    return await run(options);
  } catch (error) {
    if (error instanceof UsageError) return say(`${error.message}\n\n${help}`, 2);
    return say((error as Error).message, 1);
  }
}

async function run({ faults, seconds, plant, json }: FaultOptions): Promise<number> {
  const interrupted = whenInterrupted();
  const progress = progressOnStderr();
  try {
    const rows = await runFaults({
      faults,
      brokers: 2,
      seconds,
      signal: interrupted,
      onStage: (topology) => progress.begin(`Redis: ${topology}`),
      onRow: (row) => progress.begin(`${row.topology}, ${row.fault}: ${summary([row])}`),
      ...(plant === undefined ? {} : { plant }),
    });
    progress.end();
    const ok = wrongAnswers(rows) === 0;
    const report = { ok, plant: plant ?? null, seconds, wrong: wrongAnswers(rows), rows };
    mkdirSync(dirname(rawData), { recursive: true });
    writeFileSync(rawData, `${JSON.stringify(report, undefined, 2)}\n`);
    process.stdout.write(`${json ? JSON.stringify(report) : table(rows)}\n`);
    return ok ? 0 : 1;
  } catch (error) {
    progress.end();
    if (interrupted.aborted) return 130;
    throw error;
  }
}
