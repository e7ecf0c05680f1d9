import { createPrivateKey } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from '@mcp-obo/images';
import type { Platform, PlatformOptions } from '@mcp-obo/platform';
import { type OtlpTap, startOtlpTap } from './otlp-tap.ts';
import { logFolder, type RecordedRun, readSources, spanFile } from './recorded-run.ts';
import type { Source } from './scan.ts';
import type { Secret } from './secret.ts';
import { type Notebook, openNotebook, readSecrets } from './wire/notebook.ts';
import { observeProcess } from './wire/observe-process.ts';

/** A run of a platform of which everything is kept that anybody writes, and every secret that goes by. */
export interface Recording {
  /** For `startPlatform`: logs, spans and metrics come here, every part is observed from inside. */
  readonly options: Pick<
    PlatformOptions,
    'logDir' | 'logLevel' | 'telemetryEndpoint' | 'metricsPorts' | 'preload' | 'env' | 'redis'
  >;
  /** For another process, which reads it while this one records. */
  readonly run: RecordedRun;
  /** Writes down what an observer of its own saw, e.g. one of a browser. */
  readonly notebook: Notebook;
  /** Writes down the secrets of a platform that no wire shows: keys, above all. */
  readonly noteKeys: (platform: Platform) => void;
  readonly secrets: () => readonly Secret[];
  readonly sources: () => Promise<readonly Source[]>;
  /** Ends it and removes what was kept: it is secret, and goes too when this process ends without that. */
  readonly close: () => Promise<void>;
}

export interface RecordingOptions extends Omit<RecordedRun, 'folder'> {
  /** Where spans go on to. */
  readonly telemetryEndpoint?: string;
}

/** Begins to record; this process is observed too. */
export async function startRecording({ telemetryEndpoint, ...at }: RecordingOptions): Promise<Recording> {
  const run: RecordedRun = { ...at, folder: mkdtempSync(join(tmpdir(), 'recording-')) };
  const { folder, metricsPorts, redis } = run;
  const otherwise = atEnd('rm', ['-rf', folder]);
  mkdirSync(logFolder(run));
  const tap: OtlpTap = await startOtlpTap(spanFile(run), telemetryEndpoint);
  const notebook = openNotebook(folder, 'tests');
  const stopObserving = observeProcess(notebook.note);
  return {
    options: {
      logDir: logFolder(run),
      logLevel: 'trace',
      telemetryEndpoint: tap.url,
      metricsPorts,
      preload: new URL('./wire/preload.ts', import.meta.url).href,
      env: { SECRET_SCAN_DIR: folder },
      ...(redis !== undefined && { redis }),
    },
    run,
    notebook,
    noteKeys: (platform) => {
      for (const secret of keysOf(platform)) notebook.noteSecret(secret);
    },
    secrets: () => readSecrets(folder),
    sources: () => readSources(run),
    async close() {
      stopObserving();
      await tap.close();
      rmSync(folder, { recursive: true, force: true });
      otherwise.dismiss();
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
