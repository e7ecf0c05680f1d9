import { type Context, context, propagation, type TextMapGetter, trace } from '@opentelemetry/api';

/** The keys of W3C Trace Context in MCP `_meta` (MCP 2026-07-28, SEP-414): the names of the HTTP headers. */
export const traceMetaKeys = ['traceparent', 'tracestate', 'baggage'] as const;

/** `_meta` of an MCP request. */
export type Meta = Readonly<Record<string, unknown>>;

/** `meta` with the trace context of `from` (the active context unless told) added. What was there stays. */
export function injectTraceMeta(meta: Meta = {}, from: Context = context.active()): Record<string, unknown> {
  const carrier: Record<string, string> = {};
  propagation.inject(from, carrier);
  return { ...meta, ...carrier };
}

/**
 * The context that a request's `_meta` continues. When the HTTP headers brought the same trace already, the
 * base is the deeper one and stays; a `_meta` without a usable `traceparent` changes nothing.
 */
export function extractTraceMeta(meta: unknown, base: Context = context.active()): Context {
  if (typeof meta !== 'object' || meta === null) return base;
  const extracted = propagation.extract(base, meta as Meta, metaGetter);
  const remote = trace.getSpanContext(extracted);
  return remote === undefined || remote.traceId === trace.getSpanContext(base)?.traceId ? base : extracted;
}

/** Only own string members count: what a caller nests in `_meta` is not looked into. */
const metaGetter: TextMapGetter<Meta> = {
  keys: () => [...traceMetaKeys],
  get: (meta, key) => {
    const value = Object.hasOwn(meta, key) ? meta[key] : undefined;
    return typeof value === 'string' ? value : undefined;
  },
};
