import type { ReceivedSpan } from '@mcp-obo/platform/otlp';

/** The trace all sample spans belong to. */
export const sampleTraceId = 'a'.repeat(32);

/** A span for tests of what reads spans; by itself it keeps all conventions. */
export function sampleSpan(
  spanId: string,
  parentSpanId: string | undefined,
  more: Partial<ReceivedSpan> = {},
): ReceivedSpan {
  const service = more.service ?? 'broker';
  return {
    traceId: sampleTraceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    service,
    resource: {
      'service.name': service,
      'service.version': '1.0.0',
      'telemetry.sdk.name': 'opentelemetry',
      'telemetry.sdk.language': 'nodejs',
    },
    name: spanId,
    kind: 'internal',
    start: 0,
    duration: 10,
    failed: false,
    attributes: {},
    events: [],
    links: [],
    ...more,
  };
}

const server = { 'server.address': '127.0.0.1', 'server.port': 4001 };

/** A request of this process, and the span of the one that answers it. */
export const sampleRequest: Partial<ReceivedSpan> = {
  name: 'POST',
  kind: 'client',
  attributes: {
    'http.request.method': 'POST',
    'url.full': 'http://127.0.0.1:4001/token',
    'url.path': '/token',
    'http.response.status_code': 200,
    ...server,
  },
};
export const sampleAnswer: Partial<ReceivedSpan> = {
  name: 'POST /token',
  kind: 'server',
  attributes: {
    'http.request.method': 'POST',
    'http.route': '/token',
    'url.path': '/token',
    'url.scheme': 'http',
    'http.response.status_code': 200,
    ...server,
  },
};
