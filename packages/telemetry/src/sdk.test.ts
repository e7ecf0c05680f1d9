import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { context, propagation, trace } from '@opentelemetry/api';
import { fastify } from 'fastify';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fastifyLogging, fastifyTelemetry } from './fastify.ts';
import { createLogger } from './logger.ts';
import { extractTraceMeta, injectTraceMeta } from './meta.ts';
import { createPlatformMetrics, metricTable } from './metrics.ts';
import { startTelemetry, type Telemetry } from './sdk.ts';
import { withSpan } from './span.ts';

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

const secret = 'Vq3x_9-PzT0aLm4Rk8sYwQ1nBd7cHf2eJgUiOoXyZ5A';
const jwt = 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';

async function* inTwoPieces() {
  yield '{"a":';
  await setTimeout(20);
  yield '1}';
}

async function body(message: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of message) text += chunk;
  return text;
}

describe('startTelemetry', () => {
  const exported: string[] = [];
  const logged: string[] = [];
  const receiver = createServer(async (message, reply) => {
    exported.push(await body(message));
    reply.setHeader('content-type', 'application/json').end('{}');
  });
  const log = createLogger({
    name: 'test',
    level: 'debug',
    destination: { write: (line: string) => void logged.push(line) },
  });
  const app = fastify(fastifyLogging(log));
  let telemetry: Telemetry;
  let base: string;
  let spans: OtlpSpan[];

  beforeAll(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    telemetry = await startTelemetry({
      serviceName: 'test-service',
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
        OTEL_BSP_SCHEDULE_DELAY: '10',
        METRICS_PORT: String(await freePort()),
      },
    });
    await app.register(fastifyTelemetry, { health: () => ({ status: 'ok', issuers: 2 }) });
    app.post('/first', async () => {
      const { body: answer } = await request(`${base}/second?access_token=${secret}`);
      await answer.dump();
      return trace.getActiveSpan()?.spanContext();
    });
    app.get('/second', async () => withSpan('inner', { note: jwt }, async () => 'ok'));
    app.get('/broken', async () => {
      throw new Error(`Bearer ${secret}`);
    });
    base = await app.listen({ host: '127.0.0.1', port: 0 });
  });

  afterAll(async () => {
    await telemetry.shutdown();
    await app.close();
    receiver.close();
  });

  it(
    verifies(
      'op:traces',
      'keeps one trace over HTTP servers and clients, from the caller to the innermost span',
    ),
    async () => {
      const caller = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
      const { body: answer, statusCode } = await request(`${base}/first?code=${secret}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          traceparent: `00-${caller.traceId}-${caller.spanId}-01`,
          baggage: 'user=mallory',
        },
        // In two pieces: the handler runs in the turn of the second one.
        body: Readable.from(inTwoPieces()),
      });
      expect(statusCode).toBe(200);
      expect(await answer.json()).toMatchObject({ traceId: caller.traceId });
      await request(`${base}/broken`).then(({ body: text }) => text.dump());
      await request(`${base}/health`).then(({ body: text }) => text.dump());
      await expect.poll(() => exported.join('')).toMatch(/inner[\s\S]*\/broken|\/broken[\s\S]*inner/);
      spans = exported.flatMap((text) =>
        JSON.parse(text).resourceSpans.flatMap((resource: { scopeSpans: { spans: OtlpSpan[] }[] }) =>
          resource.scopeSpans.flatMap((scope) => scope.spans),
        ),
      );
      const chain: string[] = [];
      for (
        let span = spans.find(({ name }) => name === 'inner');
        span !== undefined;
        span = spans.find(({ spanId }) => spanId === span?.parentSpanId)
      ) {
        expect(span.traceId).toBe(caller.traceId);
        chain.push(span.name);
      }
      expect(chain).toEqual(['inner', 'GET /second', 'GET', 'POST /first']);
      expect(spans.find(({ name }) => name === 'POST /first')?.parentSpanId).toBe(caller.spanId);
    },
  );

  it(verifies('op:redaction', 'exports no span and writes no line with a token or a query'), () => {
    for (const text of [...exported, ...logged]) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain('eyJ');
    }
    expect(exported.join('')).toContain('"note","value":{"stringValue":"[redacted]"}');
    expect(logged.join('')).toContain('"path":"/first"');
    const broken = logged.find((line) => line.includes('"path":"/broken"')) ?? '';
    expect(JSON.parse(broken)).toMatchObject({
      level: 'error',
      status: 500,
      err: { type: 'Error', message: 'Bearer [redacted]' },
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it('makes neither span nor log line for /health', () => {
    expect(spans.map(({ name }) => name)).not.toContain('GET /health');
    expect(logged.join('')).not.toContain('/health');
  });

  it('answers GET /health with the state it was given', async () => {
    const { statusCode, headers, body: answer } = await request(`${base}/health`);
    expect([statusCode, headers['cache-control'], await answer.json()]).toEqual([
      200,
      'no-store',
      { status: 'ok', issuers: 2 },
    ]);
  });

  it(verifies('op:traces', 'carries the trace through MCP _meta (SEP-414)'), () => {
    withSpan('tool call', {}, (span) => {
      const meta = injectTraceMeta({ progressToken: 7 });
      const { traceId, spanId } = span.spanContext();
      expect(meta).toEqual({ progressToken: 7, traceparent: `00-${traceId}-${spanId}-01` });
      const remote = context.with(trace.deleteSpan(context.active()), () => extractTraceMeta(meta));
      expect(trace.getSpanContext(remote)).toMatchObject({ traceId, spanId, isRemote: true });
      // The HTTP headers brought this trace already: the span that is open now is the deeper one.
      expect(extractTraceMeta(meta)).toBe(context.active());
    });
  });

  it.each([
    ['nothing', undefined],
    ['a list', ['traceparent']],
    ['no traceparent', { progressToken: 1 }],
    ['one that is no text', { traceparent: ['00-1'] }],
    ['one of zeros', { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` }],
    ['one that is malformed', { traceparent: '00-xyz' }],
  ])('changes nothing for a _meta with %s', (_, meta) => {
    expect(extractTraceMeta(meta)).toBe(context.active());
  });

  it('forwards no baggage', () => {
    expect(propagation.fields()).toEqual(['traceparent', 'tracestate']);
  });

  it(
    verifies('op:metrics', 'serves every metric of the table to Prometheus under its own name'),
    async () => {
      const metrics = createPlatformMetrics();
      metrics.authSuccess({ tenant: 'acme' });
      metrics.authFailure({ reason: 'expired' });
      metrics.jwksRefresh({ issuer: 'https://idp', outcome: 'ok' });
      metrics.jwksAge(12, { issuer: 'https://idp' });
      metrics.exchangeLatency(3.5, { target: 'expenses-api', outcome: 'hit' });
      metrics.cacheEvent({ event: 'hit' });
      metrics.idpResponseTime(40, { issuer: 'https://idp', operation: 'token', outcome: 'ok' });
      metrics.idpBreaker(2, { issuer: 'https://idp' });
      metrics.rateLimitHit({ limit: 'tools' });
      metrics.revocation({ kind: 'token' });
      metrics.issuerRevocation({ issuer: 'i', outcome: 'revoked' });
      metrics.revocationViewAge(1);
      metrics.securityEvent({ issuer: 'https://idp', event: 'session-revoked', outcome: 'acted' });
      metrics.securityEventPoll({ issuer: 'https://idp', outcome: 'ok' });
      metrics.toolInvocation({ tool: 'list_expenses', outcome: 'ok' });
      const { body: answer } = await request(telemetry.metricsUrl ?? '');
      const text = await answer.text();
      for (const [name, { kind, labels }] of Object.entries(metricTable)) {
        expect(text).toContain(`# TYPE ${name} ${kind}`);
        for (const label of labels) expect(text).toMatch(new RegExp(`^${name}\\w*\\{[^}]*${label}="`, 'm'));
      }
      expect(text).toMatch(/^mcp_auth_failure_total\{[^}]*reason="expired"[^}]*\} 1$/m);
      expect(text).toMatch(/^mcp_obo_exchange_latency_ms_sum\{[^}]*target="expenses-api"[^}]*\} 3.5$/m);
    },
  );

  it('says in one sentence that the metrics port is taken', async () => {
    const port = (receiver.address() as AddressInfo).port;
    await expect(
      startTelemetry({ serviceName: 'second', env: { METRICS_PORT: String(port) } }),
    ).rejects.toThrow(
      `the metrics endpoint cannot listen on 127.0.0.1:${port}; set METRICS_PORT to a free port`,
    );
  });
});
