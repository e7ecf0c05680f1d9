import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it } from 'vitest';
import { type OtlpReceiver, readRemoteSpans, startOtlpReceiver } from './otlp-receiver.ts';

let receiver: OtlpReceiver;
afterEach(() => receiver.close());

const at = (ms: number) => String(BigInt(1_700_000_000_000 + ms) * 1_000_000n);
const span = (spanId: string, parentSpanId: string | undefined, start: number, more: object = {}) => ({
  traceId: 'a'.repeat(32),
  spanId,
  ...(parentSpanId && { parentSpanId }),
  name: spanId,
  kind: 2,
  startTimeUnixNano: at(start),
  endTimeUnixNano: at(start + 5),
  attributes: [],
  ...more,
});
const request = (spans: object[], service = 'broker') => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
      scopeSpans: [{ spans }],
    },
  ],
});
const post = (body: string, path = '/v1/traces', type = 'application/json') =>
  fetch(`${receiver.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body });

describe('startOtlpReceiver', () => {
  it('reads OTLP in JSON', async () => {
    receiver = await startOtlpReceiver();
    const attributes = [
      { key: 'text', value: { stringValue: 'a' } },
      { key: 'count', value: { intValue: '7' } },
      { key: 'list', value: { arrayValue: { values: [{ boolValue: true }, { doubleValue: 1.5 }] } } },
    ];
    const { status } = await post(
      JSON.stringify(request([span('one', undefined, 0, { attributes, status: { code: 2 } })])),
    );
    expect(status).toBe(200);
    expect(receiver.spans()).toEqual([
      {
        traceId: 'a'.repeat(32),
        spanId: 'one',
        service: 'broker',
        resource: { 'service.name': 'broker' },
        name: 'one',
        kind: 'server',
        start: 1_700_000_000_000,
        duration: 5,
        failed: true,
        attributes: { text: 'a', count: 7, list: [true, 1.5] },
        events: [],
        links: [],
      },
    ]);
  });

  it.each(['none', 'gzip'])(
    'reads OTLP in protobuf, as its exporter writes it (compression: %s)',
    async (compression) => {
      receiver = await startOtlpReceiver();
      const exporter = new OTLPTraceExporter({
        url: `${receiver.url}/v1/traces`,
        compression: compression as NonNullable<
          ConstructorParameters<typeof OTLPTraceExporter>[0]
        >['compression'],
      });
      const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
      const traceId = 'a'.repeat(32);
      const link = { traceId, spanId: 'b'.repeat(16), traceFlags: 1 };
      const attributes = { text: '', count: 0, big: -7, ratio: 0.5, yes: true, no: false, list: ['a', 'b'] };
      const started = new Date(1_700_000_000_000);
      const written = provider.getTracer('test').startSpan('POST /token', {
        kind: SpanKind.SERVER,
        attributes,
        links: [{ context: link }],
        startTime: started,
      });
      written.addEvent('retry', { attempt: 2 });
      written.setStatus({ code: SpanStatusCode.ERROR });
      written.end(new Date(1_700_000_000_250));
      await receiver.waitFor((spans) => spans.length === 1, 5000);
      await provider.shutdown();
      expect(receiver.spans()[0]).toEqual({
        ...written.spanContext(),
        traceFlags: undefined,
        traceState: undefined,
        service: expect.stringMatching(/^unknown_service/),
        resource: expect.objectContaining({ 'telemetry.sdk.language': 'nodejs' }),
        name: 'POST /token',
        kind: 'server',
        start: 1_700_000_000_000,
        duration: 250,
        failed: true,
        attributes,
        events: [{ name: 'retry', attributes: { attempt: 2 } }],
        links: [{ traceId, spanId: link.spanId }],
      });
    },
  );

  it('lets another process read the spans', async () => {
    receiver = await startOtlpReceiver();
    await post(JSON.stringify(request([span('one', undefined, 0)])));
    expect(await readRemoteSpans(receiver.url)).toEqual(receiver.spans());
    expect(receiver.spans()).toHaveLength(1);
  });

  it('waits for spans, and says when they do not come', async () => {
    receiver = await startOtlpReceiver();
    const waited = receiver.waitFor((spans) => spans.length === 2, 5000);
    await post(JSON.stringify(request([span('one', undefined, 0)])));
    await post(JSON.stringify(request([span('two', undefined, 0)])));
    await waited;
    await expect(receiver.waitFor((spans) => spans.length === 3, 20)).rejects.toThrow(/within 20 ms/);
  });

  it.each([
    ['text that is no JSON', '{', '/v1/traces', 'application/json', 400],
    ['bytes that are no protobuf', 'x', '/v1/traces', 'application/x-protobuf', 400],
    ['what is neither JSON nor protobuf', 'x', '/v1/traces', 'text/plain', 415],
    ['an unknown path', '{}', '/', 'application/json', 404],
    ['metrics, which it drops', '{}', '/v1/metrics', 'application/json', 200],
  ])('answers %s', async (_, body, path, type, status) => {
    receiver = await startOtlpReceiver();
    expect((await post(body, path, type)).status).toBe(status);
    expect(receiver.spans()).toEqual([]);
  });
});
