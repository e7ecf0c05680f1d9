import { withSpan } from '@mcp-obo/telemetry';
import { startTelemetry } from '@mcp-obo/telemetry/sdk';
import { trace } from '@opentelemetry/api';
import { type DemoPlatform, startDemoPlatform } from './demo-platform.ts';
import { type DemoOptions, help, readOptions, UsageError } from './options.ts';
import { connectPerson, type Person } from './person.ts';
import { createReporter, type Reporter } from './reporter.ts';
import type { Stage } from './step.ts';
import { story } from './story.ts';
import { countSpans, deepestFailure, traceLines } from './trace-view.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === 'help') return say(help, 0);
    return await demo(options);
  } catch (error) {
    if (error instanceof UsageError) return say(`${error.message}\n\n${help}`, 2);
    throw error;
  }
}

function say(text: string, code: number): number {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  return code;
}

async function demo(options: DemoOptions): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  const reporter = createReporter({
    json: options.json,
    terminal: process.stdout.isTTY === true,
    write: (text) => process.stdout.write(text),
  });
  reporter.begin('Starting identity provider, broker, downstream API and MCP server');
  let platform: DemoPlatform;
  try {
    platform = await startDemoPlatform({ ...options, signal: interrupt.signal });
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    reporter.failed('start', 'platform', (error as Error).message);
    return reporter.end(undefined);
  }
  try {
    return await play(platform, reporter, interrupt.signal);
  } finally {
    await platform.stop();
  }
}

async function play(platform: DemoPlatform, reporter: Reporter, signal: AbortSignal): Promise<number> {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: platform.otlp.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
  const telemetry = await startTelemetry({ serviceName: 'mcp-client', env });
  const { stage, close } = createStage(platform);
  let traceId = '';
  await withSpan('demo', {}, async (root) => {
    traceId = root.spanContext().traceId;
    for (const step of story) {
      if (signal.aborted) return;
      const started = performance.now();
      try {
        reporter.begin(step.title);
        const shown = await withSpan(step.name, {}, () => step.play(stage));
        reporter.done(step.name, Math.round(performance.now() - started), shown);
      } catch (error) {
        const hop = await failedHop(
          platform,
          trace.getActiveSpan()?.spanContext().traceId ?? traceId,
          step.hop,
        );
        return reporter.failed(
          step.name,
          hop,
          (error as Error).message,
          Math.round(performance.now() - started),
        );
      }
    }
  });
  await close();
  await telemetry.shutdown();
  if (signal.aborted) return 130;
  await platform.otlp.waitFor((spans) =>
    spans.some(({ traceId: id, name }) => id === traceId && name === 'demo'),
  );
  const tree = platform.otlp.tree(traceId);
  return reporter.end({ traceId, spans: countSpans(tree), lines: traceLines(tree) });
}

/** Where the trouble began: the deepest failed span, or what the step is about when no span says more. */
async function failedHop(platform: DemoPlatform, traceId: string, fallback: string): Promise<string> {
  const failure = () => deepestFailure(platform.otlp.tree(traceId));
  await platform.otlp.waitFor(() => failure() !== undefined, 2000).catch(() => undefined);
  const span = failure();
  const reason = span?.attributes['error.type'];
  return span === undefined
    ? fallback
    : `${span.service}: ${span.name}${reason === undefined ? '' : ` (${String(reason)})`}`;
}

function createStage(platform: DemoPlatform): { readonly stage: Stage; readonly close: () => Promise<void> } {
  const people = new Map<string, Promise<Person>>();
  const meet = (username: string, sdk: 'v1' | 'v2') => {
    const key = `${username} ${sdk}`;
    const known = people.get(key);
    if (known !== undefined) return known;
    const { password, issuer } = platform.user(username);
    const person = connectPerson({ serverUrl: platform.urls.mcp, issuer, username, password, sdk });
    people.set(key, person);
    return person;
  };
  return {
    stage: { platform, person: (name) => meet(name, 'v2'), personOnV1: (name) => meet(name, 'v1') },
    close: async () => {
      const connected = await Promise.allSettled(people.values());
      await Promise.allSettled(
        connected.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)),
      );
    },
  };
}
