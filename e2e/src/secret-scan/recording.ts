import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform, PlatformOptions } from '@mcp-obo/platform';
import { type OtlpTap, startOtlpTap } from './otlp-tap.ts';
import { readRedis } from './redis-contents.ts';
import type { Source } from './scan.ts';
import type { Secret } from './secret.ts';
import { type Notebook, openNotebook, readAnswers, readSecrets } from './wire/notebook.ts';
import { observeProcess } from './wire/observe-process.ts';

/** A run of a platform of which everything is kept that anybody writes, and every secret that goes by. */
export interface Recording {
  /** For `startPlatform`: logs, spans and metrics come here, every part is observed from inside. */
  readonly options: Pick<
    PlatformOptions,
    'logDir' | 'logLevel' | 'telemetryEndpoint' | 'metricsPorts' | 'preload' | 'env' | 'redis'
  >;
  /** Writes down what an observer of its own saw, e.g. one of a browser. */
  readonly notebook: Notebook;
  /** Writes down the secrets of a platform that no wire shows: keys, above all. */
  readonly noteKeys: (platform: Platform) => void;
  readonly secrets: () => readonly Secret[];
  /** Logs, audit records, spans, answers to callers; and metrics and Redis as they are now. */
  readonly sources: () => Promise<readonly Source[]>;
  /** Ends it and removes what was kept: it is secret. */
  readonly close: () => Promise<void>;
}

export interface RecordingOptions {
  /** Where the parts that have metrics show them. */
  readonly metricsPorts: NonNullable<PlatformOptions['metricsPorts']>;
  /** Where spans go on to. */
  readonly telemetryEndpoint?: string;
  readonly redis?: string;
}

/** Begins to record; this process is observed too. */
export async function startRecording({
  metricsPorts,
  telemetryEndpoint,
  redis,
}: RecordingOptions): Promise<Recording> {
  const folder = mkdtempSync(join(tmpdir(), 'recording-'));
  const logDir = join(folder, 'logs');
  mkdirSync(logDir);
  const spans = join(folder, 'otlp.jsonl');
  const tap: OtlpTap = await startOtlpTap(spans, telemetryEndpoint);
  const notebook = openNotebook(folder, 'tests');
  const stopObserving = observeProcess(notebook.note);
  return {
    options: {
      logDir,
      logLevel: 'trace',
      telemetryEndpoint: tap.url,
      metricsPorts,
      preload: new URL('./wire/preload.ts', import.meta.url).href,
      env: { SECRET_SCAN_DIR: folder },
      ...(redis !== undefined && { redis }),
    },
    notebook,
    noteKeys: (platform) => {
      for (const secret of keysOf(platform)) notebook.noteSecret(secret);
    },
    secrets: () => readSecrets(folder),
    sources: async () => [
      ...readdirSync(logDir).map((name) => ({ place: name, text: readFileSync(join(logDir, name), 'utf8') })),
      ...readSpans(spans),
      ...readAnswers(folder),
      ...(await readMetrics(metricsPorts)),
      ...(redis === undefined ? [] : await readRedis(redis)),
    ],
    async close() {
      stopObserving();
      await tap.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Bytes are looked for in whatever encoding they are written. */
function keysOf({ secrets, users }: Platform): readonly Secret[] {
  const { privateKeyPem } = secrets.brokerClient;
  const { d = '' } = createPrivateKey(privateKeyPem).export({ format: 'jwk' });
  const bytes = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding).toString('latin1');
  return [
    { kind: 'private key', value: bytes(d, 'base64url') },
    { kind: 'seal key', value: bytes(secrets.sealKey, 'base64') },
    { kind: 'admin token', value: secrets.adminToken },
    ...[secrets.nightlyJob, ...Object.values(secrets.registration)].map(
      (value) => ({ kind: 'client secret', value }) as const,
    ),
    ...users.map(({ password }) => ({ kind: 'password', value: password }) as const),
  ];
}

function readSpans(file: string): readonly Source[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Source);
}

async function readMetrics(ports: RecordingOptions['metricsPorts']): Promise<readonly Source[]> {
  return await Promise.all(
    Object.entries(ports).map(async ([part, port]) => ({
      place: `metrics of ${part}`,
      text: await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    })),
  );
}
