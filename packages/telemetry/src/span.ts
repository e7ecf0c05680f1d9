import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { scrubText } from './scrub-text.ts';

export interface SpanSettings {
  /** The context the span continues; the active one unless told. */
  readonly parent?: Context;
  readonly kind?: SpanKind;
  /** Spans it has to do with besides its parent. */
  readonly links?: readonly Link[];
}

/**
 * Runs `fn` inside a span of this name and ends it with the outcome. A failure sets the status and
 * `error.type` (the error's `reason`, `code` or name) and is thrown on unchanged.
 */
export function withSpan<T>(
  name: string,
  attributes: Attributes,
  fn: (span: Span) => T,
  settings: SpanSettings = {},
): T {
  const parent = settings.parent ?? context.active();
  const span = trace
    .getTracer('mcp-obo')
    .startSpan(
      name,
      { attributes, kind: settings.kind ?? SpanKind.INTERNAL, links: [...(settings.links ?? [])] },
      parent,
    );
  return context.with(trace.setSpan(parent, span), () => {
    try {
      const result = fn(span);
      return isPromise(result) ? (settle(span, result) as T) : finish(span, result);
    } catch (error) {
      throw fail(span, error);
    }
  });
}

async function settle<T>(span: Span, result: Promise<T>): Promise<T> {
  try {
    return finish(span, await result);
  } catch (error) {
    throw fail(span, error);
  }
}

function finish<T>(span: Span, result: T): T {
  span.end();
  return result;
}

function fail(span: Span, error: unknown): unknown {
  const { reason, code, name, message } = (error ?? {}) as Record<string, unknown>;
  span.setAttribute('error.type', scrubText(String(reason ?? code ?? name ?? 'error')));
  span.setStatus({ code: SpanStatusCode.ERROR, message: scrubText(String(message ?? '')) });
  span.end();
  return error;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}
