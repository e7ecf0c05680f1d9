import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { withSpan } from './span.ts';

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
  );
});
beforeEach(() => exporter.reset());
afterAll(() => {
  context.disable();
  trace.disable();
});

describe('withSpan', () => {
  it('gives back what the function gives, now or later, and ends the span', async () => {
    expect(withSpan('now', { a: 1 }, () => 1)).toBe(1);
    expect(await withSpan('later', {}, async () => 2, { kind: SpanKind.CLIENT })).toBe(2);
    expect(exporter.getFinishedSpans().map(({ name, attributes, kind }) => [name, attributes, kind])).toEqual(
      [
        ['now', { a: 1 }, SpanKind.INTERNAL],
        ['later', {}, SpanKind.CLIENT],
      ],
    );
  });

  it('makes the span the parent of what happens inside, also after a wait', async () => {
    await withSpan('outer', {}, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      withSpan('inner', {}, () => undefined);
    });
    const [inner, outer] = exporter.getFinishedSpans();
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
  });

  it.each([
    [
      'thrown',
      (error: unknown) =>
        withSpan('f', {}, () => {
          throw error;
        }),
    ],
    [
      'rejected',
      (error: unknown) =>
        withSpan('f', {}, async () => {
          throw error;
        }),
    ],
  ])('passes a %s failure on unchanged and writes its reason without credentials', async (_, run) => {
    const error = Object.assign(new Error('access_token=abcdef0123456789'), { reason: 'expired' });
    await expect((async () => run(error))()).rejects.toBe(error);
    expect(exporter.getFinishedSpans()[0]).toMatchObject({
      attributes: { 'error.type': 'expired' },
      status: { code: SpanStatusCode.ERROR, message: 'access_token=[redacted]' },
    });
  });
});
