import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTelemetry, type Telemetry } from '../src/sdk.ts';
import { withSpan } from '../src/span.ts';

describe.skipIf(!redisAvailable() && !process.env.CI)('Redis spans, on a real redis-server', () => {
  let server: RedisServer;
  let client: Redis;
  let telemetry: Telemetry;
  const exporter = new InMemorySpanExporter();

  beforeAll(async () => {
    server = await startRedis();
    telemetry = await startTelemetry({
      serviceName: 'test',
      env: { OTEL_BSP_SCHEDULE_DELAY: '5' },
      spanExporter: exporter,
    });
    client = new Redis(server.url);
  });
  afterAll(async () => {
    client?.disconnect();
    await telemetry?.shutdown();
    await server?.stop();
  });

  it(
    verifies('op:traces', 'puts each command into the trace with its name alone, no key and no value'),
    async () => {
      await client.set('outside', 'no span');
      await withSpan('exchange', {}, async () => {
        await client.set('secret-key', 'secret-value');
        await client.call('NO-SUCH-COMMAND').catch(() => undefined);
      });
      await expect.poll(() => exporter.getFinishedSpans().length).toBe(3);
      const [set, unknown, exchange] = exporter.getFinishedSpans();
      expect(set).toMatchObject({
        name: 'SET',
        attributes: {
          'db.system.name': 'redis',
          'db.operation.name': 'SET',
          'db.namespace': '0',
          'server.address': '127.0.0.1',
          'server.port': server.port,
        },
      });
      expect(set?.parentSpanContext?.spanId).toBe(exchange?.spanContext().spanId);
      expect(unknown).toMatchObject({
        status: { code: SpanStatusCode.ERROR },
        attributes: { 'db.response.status_code': 'ERR', 'error.type': 'ERR' },
      });
      expect(JSON.stringify([set?.attributes, unknown?.attributes])).not.toContain('secret-');
    },
  );
});
