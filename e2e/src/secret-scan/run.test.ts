import { startOtlpReceiver } from '@mcp-obo/platform/otlp';
import { freePorts } from '@mcp-obo/testbed/ports';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playFlow } from '../../tests/clients/fixture/observed-flow.ts';
import { startTestPlatform } from '../../tests/clients/fixture/test-platform.ts';
import { type Recording, startRecording } from './recording.ts';
import { createSecretScan, describeFindings, type Source } from './scan.ts';

const closing: (() => Promise<unknown>)[] = [];
const later = <T>(value: T, close: () => Promise<unknown>): T => {
  closing.unshift(close);
  return value;
};

describe.skipIf(!redisAvailable() && process.env.CI !== 'true')('a whole run with a real Redis', () => {
  let recording: Recording;
  let sources: readonly Source[];
  beforeAll(async () => {
    const redis = await startRedis();
    later(redis, redis.stop);
    const otlp = await startOtlpReceiver();
    later(otlp, otlp.close);
    const [idp = 0, api = 0, broker = 0, mcp = 0] = await freePorts(4);
    const metricsPorts = { 'dev-idp': idp, 'downstream-api': api, broker, 'mcp-server': mcp };
    recording = await startRecording({ metricsPorts, telemetryEndpoint: otlp.url, redis: redis.url });
    later(recording, recording.close);
    const platform = await startTestPlatform(recording.options);
    later(platform, platform.stop);
    recording.noteKeys(platform);
    await playFlow({ platform, otlp });
    sources = await recording.sources();
  }, 120_000);
  afterAll(async () => {
    for (const close of closing) await close();
  });

  it('makes secrets of every kind, and all of them are known', () => {
    expect(new Set(recording.secrets().map(({ kind }) => kind))).toEqual(
      new Set([
        'access token',
        'refresh token',
        'exchanged token',
        'registration token',
        'authorization code',
        'code verifier',
        'client secret',
        'client assertion',
        'session cookie',
        'password',
        'private key',
        'seal key',
        'admin token',
      ]),
    );
  });

  it('writes in every place', () => {
    const places = sources.map(({ place }) => place.replace(/ (?:of|\d|string|set|zset|hash|stream).*/, ''));
    expect(new Set(places)).toEqual(
      new Set([
        'answer',
        'broker.audit.jsonl',
        'broker.log',
        'dev-idp.log',
        'downstream-api.audit.jsonl',
        'downstream-api.log',
        'mcp-server.audit.jsonl',
        'mcp-server.log',
        'metrics',
        'OTLP export /v1/traces',
        'Redis',
      ]),
    );
  });

  it(verifies(['op:redaction', 'tb:no-store'], 'writes no secret anywhere, nor 16 characters of one'), () => {
    const scan = createSecretScan(recording.secrets());
    expect(describeFindings(sources.flatMap(scan))).toEqual([]);
  });
});
