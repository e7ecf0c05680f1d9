import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** What became of a span, as it is exported. */
export type SpanOutcome = Pick<ReadableSpan, 'status' | 'attributes'>;

/**
 * The outcome of a server span by the HTTP semantic conventions: an answer below 500 is no failure of the
 * server, whatever was thrown on the way to it, and one from 500 on is one and has its status as `error.type`.
 * Other spans keep theirs.
 */
export function outcomeOf({ kind, status, attributes }: ReadableSpan): SpanOutcome {
  const code = attributes['http.response.status_code'];
  if (kind !== SpanKind.SERVER || typeof code !== 'number') return { status, attributes };
  if (code >= 500) {
    return {
      status: { ...status, code: SpanStatusCode.ERROR },
      attributes: { 'error.type': String(code), ...attributes },
    };
  }
  const { 'error.type': _, ...others } = attributes;
  return { status: { code: SpanStatusCode.UNSET }, attributes: others };
}
