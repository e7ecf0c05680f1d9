import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { scrubUrl } from './scrub-text.ts';

/** The server span of a request, and the context in which it is the active one. */
export interface ServerSpan {
  readonly span: Span;
  readonly within: Context;
}

const tracer = trace.getTracer('@mcp-obo/telemetry');

/**
 * Starts the server span of a request, which continues the caller's trace (W3C Trace Context; HTTP semantic
 * conventions). What only a recorded span needs is not put together for one that nobody will see.
 */
export function startServerSpan(request: FastifyRequest): ServerSpan {
  const parent =
    request.headers.traceparent === undefined
      ? ROOT_CONTEXT
      : propagation.extract(ROOT_CONTEXT, request.headers);
  const { method } = request;
  const route = request.routeOptions.url;
  const span = tracer.startSpan(`${method} ${route ?? 'unmatched'}`, { kind: SpanKind.SERVER }, parent);
  if (span.isRecording()) {
    span.setAttributes({
      'http.request.method': method,
      ...(route !== undefined && { 'http.route': route }),
      'url.path': scrubUrl(request.url),
      'url.scheme': request.protocol,
      'server.address': request.hostname,
      ...(request.port !== null && { 'server.port': request.port }),
      'network.protocol.version': request.raw.httpVersion,
    });
  }
  return { span, within: trace.setSpan(parent, span) };
}

/** Runs something inside the span. */
export function inServerSpan({ within }: ServerSpan, work: () => void): void {
  context.with(within, work);
}

/** Ends the span with what was answered. */
export function endServerSpan({ span }: ServerSpan, { statusCode }: FastifyReply, error?: Error): void {
  if (span.isRecording()) {
    span.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR, message: error?.message ?? '' });
  }
  span.end();
}
