import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PlatformOptions } from '@mcp-obo/platform';
import { readRedis } from './redis-contents.ts';
import type { Source } from './scan.ts';
import { readAnswers } from './wire/notebook.ts';

/** Where all is that one run wrote. Plain data, for another process can read it. */
export interface RecordedRun {
  /** Logs, spans, answers, and the secrets. */
  readonly folder: string;
  /** Where the parts that have metrics show them. */
  readonly metricsPorts: NonNullable<PlatformOptions['metricsPorts']>;
  readonly redis?: string;
}

/** The folder of logs and audit records. */
export function logFolder({ folder }: Pick<RecordedRun, 'folder'>): string {
  return join(folder, 'logs');
}

/** The file of all OTLP exports. */
export function spanFile({ folder }: Pick<RecordedRun, 'folder'>): string {
  return join(folder, 'otlp.jsonl');
}

/** Logs, audit records, spans, answers to callers; and metrics and Redis as they are now. */
export async function readSources(run: RecordedRun): Promise<readonly Source[]> {
  const logs = logFolder(run);
  return [
    ...readdirSync(logs).map((name) => ({ place: name, text: readFileSync(join(logs, name), 'utf8') })),
    ...readSpans(spanFile(run)),
    ...readAnswers(run.folder),
    ...(await readMetrics(run.metricsPorts)),
    ...(run.redis === undefined ? [] : await readRedis(run.redis)),
  ];
}

function readSpans(file: string): readonly Source[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Source);
}

async function readMetrics(ports: RecordedRun['metricsPorts']): Promise<readonly Source[]> {
  return await Promise.all(
    Object.entries(ports).map(async ([part, port]) => ({
      place: `metrics of ${part}`,
      text: await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    })),
  );
}
