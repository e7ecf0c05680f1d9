import { z } from 'zod';

/** A span as a person reads it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  /** `service.name` of the process it comes from. */
  readonly service: string;
  /** What the process says of itself, e.g. `service.version`. */
  readonly resource: Readonly<Record<string, unknown>>;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  /** Spans it has to do with besides its parent. */
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

const anyValue: z.ZodType<unknown> = z.lazy(() =>
  z
    .object({
      stringValue: z.string().optional(),
      boolValue: z.boolean().optional(),
      intValue: z.union([z.number(), z.string().transform(Number)]).optional(),
      doubleValue: z.number().optional(),
      arrayValue: z.object({ values: z.array(anyValue).default([]) }).optional(),
    })
    .transform(
      ({ stringValue, boolValue, intValue, doubleValue, arrayValue }) =>
        stringValue ?? boolValue ?? intValue ?? doubleValue ?? arrayValue?.values,
    ),
);
const attributes = z
  .array(z.object({ key: z.string(), value: anyValue }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, value])));
const kinds = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const nanoseconds = z.union([z.string(), z.number()]).transform((value) => BigInt(value));

const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number().int().min(0).max(5).default(0),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  events: z.array(z.object({ name: z.string(), attributes })).default([]),
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.number().default(0) }).default({ code: 0 }),
});

/** `ExportTraceServiceRequest` in the JSON encoding of OTLP. */
const traceRequest = z.object({
  resourceSpans: z
    .array(
      z.object({
        resource: z.object({ attributes }).default({ attributes: {} }),
        scopeSpans: z.array(z.object({ spans: z.array(span).default([]) })).default([]),
      }),
    )
    .default([]),
});

/** The spans of one export, in the shape of OTLP's JSON encoding. Throws when it is none. */
export function readSpans(exported: unknown): readonly ReceivedSpan[] {
  return traceRequest
    .parse(exported)
    .resourceSpans.flatMap(({ resource: { attributes: resource }, scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans.map((received) => toSpan(resource, received))),
    );
}

function toSpan(resource: Record<string, unknown>, received: z.output<typeof span>): ReceivedSpan {
  const { traceId, spanId, parentSpanId, name, kind, startTimeUnixNano: start } = received;
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && parentSpanId !== '' && { parentSpanId }),
    service: String(resource['service.name'] ?? 'unknown'),
    resource,
    name,
    kind: kinds[kind] ?? 'internal',
    start: Number(start / 1000n) / 1000,
    duration: Number(received.endTimeUnixNano - start) / 1e6,
    failed: received.status.code === 2,
    attributes: received.attributes,
    events: received.events,
    links: received.links,
  };
}
