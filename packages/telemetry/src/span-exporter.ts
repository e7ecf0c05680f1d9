import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { scrubText, scrubUrl } from './scrub-text.ts';
import { outcomeOf } from './span-outcome.ts';

/** Attributes that hold a URL or a path: what follows `?` may be a code or a token. */
const urlAttributes: ReadonlySet<string> = new Set([
  'url.full',
  'url.path',
  'url.original',
  'http.url',
  'http.target',
]);

/** Attributes that never leave: a query, a statement with values in it, header values; and an internal mark. */
const droppedAttributes =
  /^(?:url\.query|url\.fragment|db\.(?:statement|query\.text)|http\.(?:request|response)\.header\..*|fastify\.root)$/;

/**
 * Hands every span on without credentials: name, attributes, events, links and status are scrubbed. Server
 * spans get the outcome that the HTTP semantic conventions give them.
 */
export function scrubSpans(exporter: SpanExporter): SpanExporter {
  return {
    export: (spans, done) => exporter.export(spans.map(scrubSpan), done),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

function scrubSpan(span: ReadableSpan): ReadableSpan {
  const { status, attributes } = outcomeOf(span);
  return {
    name: scrubText(span.name),
    kind: span.kind,
    spanContext: () => span.spanContext(),
    ...(span.parentSpanContext && { parentSpanContext: span.parentSpanContext }),
    startTime: span.startTime,
    endTime: span.endTime,
    duration: span.duration,
    ended: span.ended,
    status: { ...status, ...(status.message && { message: scrubText(status.message) }) },
    attributes: scrubAttributes(attributes),
    events: span.events.map((event) => ({
      ...event,
      name: scrubText(event.name),
      ...(event.attributes && { attributes: scrubAttributes(event.attributes) }),
    })),
    links: span.links.map((link) => ({
      ...link,
      ...(link.attributes && { attributes: scrubAttributes(link.attributes) }),
    })),
    resource: span.resource,
    instrumentationScope: span.instrumentationScope,
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function scrubAttributes(attributes: Attributes): Attributes {
  const out: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (!droppedAttributes.test(name)) out[name] = scrubAttribute(name, value);
  }
  return out;
}

function scrubAttribute(name: string, value: AttributeValue | undefined): AttributeValue | undefined {
  if (typeof value === 'string') return urlAttributes.has(name) ? scrubUrl(value) : scrubText(value);
  if (!Array.isArray(value)) return value;
  return value.map((item) => (typeof item === 'string' ? scrubText(item) : item)) as AttributeValue;
}
