import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OtlpReceiver, startOtlpReceiver } from '../src/otlp-receiver.ts';
import { type Platform, startPlatform } from '../src/platform.ts';
import { freeBase } from './free-base.ts';
import { runMachineJob } from './machine-job.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callerSpan = '00f067aa0ba902b7';
const skip = !redisAvailable() && process.env.CI !== 'true';

describe.skipIf(skip)('one call through all processes, with a real Redis', { timeout: 60_000 }, () => {
  let receiver: OtlpReceiver;
  let redis: RedisServer;
  let platform: Platform;
  let job: Awaited<ReturnType<typeof runMachineJob>>;

  beforeAll(async () => {
    [receiver, redis] = await Promise.all([startOtlpReceiver(), startRedis()]);
    platform = await startPlatform({
      basePort: await freeBase(),
      telemetryEndpoint: receiver.url,
      redis: redis.url,
      logLevel: 'trace',
    });
    job = await runMachineJob(platform, { traceparent: `00-${traceId}-${callerSpan}-01` });
  }, 60_000);
  afterAll(async () => {
    await platform?.stop();
    await redis?.stop();
    await receiver?.close();
  });

  it('reaches the downstream API and comes back', () => {
    expect(job.status).toBe(200);
    expect(JSON.parse(job.answer)).toMatchObject({
      result: { structuredContent: { totals: expect.any(Array) } },
    });
  });

  it(
    verifies('op:traces', 'is one trace over MCP server, broker, Redis, identity provider and API'),
    async () => {
      const inTrace = () => receiver.spans().filter((span) => span.traceId === traceId);
      await receiver.waitFor(
        () =>
          new Set(inTrace().map(({ service }) => service)).size === 4 &&
          inTrace().some(({ parentSpanId }) => parentSpanId === callerSpan),
      );
      expect(new Set(inTrace().map(({ service }) => service))).toEqual(
        new Set(['mcp-server', 'broker', 'dev-idp', 'downstream-api']),
      );
      expect(inTrace().some(({ attributes }) => attributes['db.system.name'] === 'redis')).toBe(true);
      // Every span hangs below another one of the trace; the first is the caller's child. Parents end, and
      // so arrive, after their children.
      const roots = () => {
        const ids = new Set(inTrace().map(({ spanId }) => spanId));
        return inTrace()
          .filter(({ parentSpanId = '' }) => !ids.has(parentSpanId))
          .map(({ service, parentSpanId }) => [service, parentSpanId]);
      };
      await expect.poll(roots, { timeout: 10_000 }).toEqual([['mcp-server', callerSpan]]);
    },
  );

  it(verifies(['op:audit', 'op:traces'], 'leaves records of the decisions that carry the trace'), () => {
    for (const part of ['mcp-server', 'broker', 'downstream-api'] as const) {
      const records = readFileSync(platform.auditFile(part), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect([part, records.some(({ trace_id: id }) => id === traceId)]).toEqual([part, true]);
    }
  });

  it(verifies('op:redaction', 'leaves no token and no secret in any log, audit record or span'), () => {
    const written = readdirSync(join(platform.runDir, 'logs')).map((name) =>
      readFileSync(join(platform.runDir, 'logs', name), 'utf8'),
    );
    expect(written.length).toBeGreaterThan(6);
    const { adminToken, registration, nightlyJob, sealKey } = platform.secrets;
    const [, payload = '', signature = ''] = job.token.split('.');
    const secrets = [payload, signature, adminToken, nightlyJob, sealKey, ...Object.values(registration)];
    for (const text of [...written, JSON.stringify(receiver.spans())]) {
      for (const secret of secrets) expect(text.includes(secret)).toBe(false);
      expect(text).not.toMatch(/eyJ[\w-]{10,}\.[\w-]+\./);
    }
  });
});
