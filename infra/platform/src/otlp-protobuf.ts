import protobuf from 'protobufjs/light.js';

type Fields = Readonly<Record<string, readonly [type: string, id: number, rule?: 'repeated']>>;

/** `ExportTraceServiceRequest` of opentelemetry-proto, as far as a reader of spans needs it. */
const messages: Readonly<Record<string, Fields>> = {
  Request: { resourceSpans: ['ResourceSpans', 1, 'repeated'] },
  ResourceSpans: { resource: ['Resource', 1], scopeSpans: ['ScopeSpans', 2, 'repeated'] },
  Resource: { attributes: ['KeyValue', 1, 'repeated'] },
  ScopeSpans: { spans: ['Span', 2, 'repeated'] },
  Span: {
    traceId: ['bytes', 1],
    spanId: ['bytes', 2],
    parentSpanId: ['bytes', 4],
    name: ['string', 5],
    kind: ['int32', 6],
    startTimeUnixNano: ['fixed64', 7],
    endTimeUnixNano: ['fixed64', 8],
    attributes: ['KeyValue', 9, 'repeated'],
    events: ['Event', 11, 'repeated'],
    links: ['Link', 13, 'repeated'],
    status: ['Status', 15],
  },
  Event: { name: ['string', 2], attributes: ['KeyValue', 3, 'repeated'] },
  Link: { traceId: ['bytes', 1], spanId: ['bytes', 2] },
  Status: { message: ['string', 2], code: ['int32', 3] },
  KeyValue: { key: ['string', 1], value: ['AnyValue', 2] },
  AnyValue: {
    stringValue: ['string', 1],
    boolValue: ['bool', 2],
    intValue: ['int64', 3],
    doubleValue: ['double', 4],
    arrayValue: ['ArrayValue', 5],
  },
  ArrayValue: { values: ['AnyValue', 1, 'repeated'] },
};

const request = protobuf.Root.fromJSON({
  nested: Object.fromEntries(
    Object.entries(messages).map(([name, fields]) => [
      name,
      { fields: fieldsOf(fields), oneofs: oneofsOf(name) },
    ]),
  ),
}).lookupType('Request');

/** The request in the shape of OTLP's JSON encoding, its ids in hexadecimal. Throws when the bytes are none. */
export function decodeTraceRequest(bytes: Uint8Array): unknown {
  return withHexIds(request.toObject(request.decode(bytes), { longs: String, bytes: Array }));
}

function fieldsOf(fields: Fields): Record<string, protobuf.IField> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, [type, id, rule]]) => [name, { type, id, ...(rule && { rule }) }]),
  );
}

/** Only one member of a value is present, also when it is the default of its type. */
function oneofsOf(message: string): Record<string, protobuf.IOneOf> {
  return message === 'AnyValue' ? { value: { oneof: Object.keys(messages.AnyValue ?? {}) } } : {};
}

const ids = new Set(['traceId', 'spanId', 'parentSpanId']);

function withHexIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withHexIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      ids.has(name) ? Buffer.from(member as number[]).toString('hex') : withHexIds(member),
    ]),
  );
}
