import { createRecordingMeter } from '@mcp-obo/testbed/recording-meter';
import { verifies } from '@mcp-obo/testbed/verifies';
import { context, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../test/fixture.ts';

const exporter = new InMemorySpanExporter();
const recording = createRecordingMeter();
let server: Awaited<ReturnType<typeof startApp>>;

beforeAll(async () => {
  const spanProcessors = [new SimpleSpanProcessor({ exporter })];
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }));
  server = await startApp({}, { meter: recording.meter });
});
afterAll(async () => {
  await server.close();
  trace.disable();
  context.disable();
});

/** Names that could each be one of a tool. */
const invented = Array.from({ length: 20 }, (_, index) => `list_expenses_${index}`);

it(
  verifies(['op:metrics', 'op:traces'], 'names that callers invent name no span and no series of a metric'),
  async () => {
    await server.call('list_expenses');
    for (const name of invented) await server.call(name);
    const scope = 'mcp:tools:execute mcp:prompts';
    for (const name of invented) await server.rpc('prompts/get', { name }, { scope });

    const spans = exporter.getFinishedSpans().filter(({ attributes }) => 'mcp.method.name' in attributes);
    expect(spans).toHaveLength(41);
    expect([...new Set(spans.map(({ name }) => name))]).toEqual([
      'tools/call list_expenses',
      'tools/call',
      'prompts/get',
    ]);
    const calls = recording.points.filter(({ name }) => name === 'mcp_tool_invocation_total');
    expect(calls).toHaveLength(21);
    expect([...new Set(calls.map(({ labels }) => labels?.tool))]).toEqual(['list_expenses', 'unknown']);
    expect(JSON.stringify([spans.map(({ attributes }) => attributes), recording.points])).not.toContain(
      'list_expenses_',
    );
  },
);
