import { verifies } from '@mcp-obo/testbed/verifies';
import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { scrubSpans } from './span-exporter.ts';

const jwt = 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';

describe('scrubSpans', () => {
  it(verifies('op:redaction', 'takes credentials out of name, attributes, events, links and status'), () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: scrubSpans(exporter) })],
    });
    const tracer = provider.getTracer('test');
    const link = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const span = tracer.startSpan(`call ${jwt}`, {
      links: [{ context: link, attributes: { seen: jwt } }],
      attributes: {
        'url.full': `https://u:p@idp.example/token?code=${jwt}#x`,
        'url.query': `?access_token=${jwt}`,
        'http.request.header.authorization': [`Bearer ${jwt}`],
        'db.query.text': 'SET key plain-value',
        list: ['plain', `Bearer ${jwt}`],
        'http.response.status_code': 200,
      },
    });
    span.addEvent(`event ${jwt}`, { detail: jwt });
    span.setStatus({ code: SpanStatusCode.ERROR, message: `Bearer ${jwt}` });
    span.end();
    const [out] = exporter.getFinishedSpans();
    expect(out?.attributes).toEqual({
      'url.full': 'https://[redacted]@idp.example/token',
      list: ['plain', 'Bearer [redacted]'],
      'http.response.status_code': 200,
    });
    expect(out).toMatchObject({
      name: 'call [redacted]',
      status: { code: SpanStatusCode.ERROR, message: 'Bearer [redacted]' },
      events: [{ name: 'event [redacted]', attributes: { detail: '[redacted]' } }],
      links: [{ context: link, attributes: { seen: '[redacted]' } }],
    });
    expect(out?.spanContext()).toEqual(span.spanContext());
  });
});
