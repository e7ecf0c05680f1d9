import { verifies } from '@mcp-obo/testbed/verifies';
import { context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { startTelemetry, type Telemetry, type TelemetryOptions } from './sdk.ts';

let telemetry: Telemetry | undefined;

afterEach(() => telemetry?.shutdown());

const begun = (traceFlags: number): SpanContext => ({
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  traceFlags,
  isRemote: true,
});

/** Whether a request is recorded, with that trace or none. */
async function recorded(options: Partial<TelemetryOptions>, caller?: SpanContext): Promise<boolean> {
  const spanExporter: TelemetryOptions['spanExporter'] = {
    export: (_spans, done) => done({ code: 0 }),
    shutdown: async () => undefined,
  };
  telemetry = await startTelemetry({ serviceName: 'test', env: {}, spanExporter, ...options });
  const parent = caller ? trace.setSpanContext(ROOT_CONTEXT, caller) : ROOT_CONTEXT;
  return context.with(parent, () => trace.getTracer('test').startSpan('request').isRecording());
}

describe('a request', () => {
  it.each<readonly [string, Partial<TelemetryOptions>, SpanContext | undefined, boolean]>([
    ['without a trace, where nothing is said', {}, undefined, true],
    ['without a trace, where none of those is recorded', { recordedRoots: 0 }, undefined, false],
    ['without a trace, where all of those are', { recordedRoots: 1 }, undefined, true],
    ['in a trace that is recorded', { recordedRoots: 0 }, begun(1), true],
    ['in a trace that is not', { recordedRoots: 1 }, begun(0), false],
  ])(verifies('op:traces', '%s: as whoever began it decided'), async (_what, options, caller, wanted) => {
    expect(await recorded(options, caller)).toBe(wanted);
  });
});
