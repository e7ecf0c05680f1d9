import { withSpan } from '@mcp-obo/telemetry';
import { startTelemetry } from '@mcp-obo/telemetry/sdk';
import { outline } from '../trace/outline.ts';
import { writePicture } from '../trace/picture/file.ts';
import { buildTrace, deepestFailure, subtrace } from '../trace/trace.ts';
import { type DemoPlatform, startDemoPlatform } from './demo-platform.ts';
import { hopOf } from './hop.ts';
import { type DemoOptions, help, readOptions, UsageError } from './options.ts';
import { connectPerson, type Person } from './person.ts';
import { createReporter, type Reporter } from './reporter.ts';
import type { Stage, Step } from './step.ts';
import { story } from './story.ts';

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
    reporter.failed({ step: 'start', ms: 0, message: (error as Error).message, hop: 'platform' });
    return reporter.end(undefined);
  }
  try {
    return await play(platform, reporter, options, interrupt.signal);
  } finally {
    await platform.close();
  }
}

async function play(
  platform: DemoPlatform,
  reporter: Reporter,
  options: DemoOptions,
  signal: AbortSignal,
): Promise<number> {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: platform.otlp.url, OTEL_BSP_SCHEDULE_DELAY: '50' };
  const telemetry = await startTelemetry({ serviceName: 'mcp-client', env });
  const { stage, close } = createStage(platform);
  let traceId = '';
  const failure = await withSpan('demo', {}, async (root) => {
    traceId = root.spanContext().traceId;
    return await tell(stage, reporter, signal);
  });
  await close();
  await telemetry.shutdown();
  if (signal.aborted) return 130;
  // Every process sends its last spans before it ends.
  await platform.stop();
  const trace = buildTrace(platform.otlp.spans(), traceId);
  if (failure !== undefined) {
    const failed = deepestFailure(subtrace(trace, failure.step.name));
    const { hop, where } =
      failed === undefined ? { hop: failure.step.hop, where: undefined } : hopOf(failed, platform.urls);
    reporter.failed({ step: failure.step.name, ms: failure.ms, message: failure.message, hop, where });
  }
  const shown = options.wholeTrace ? trace : subtrace(trace, failure?.step.name ?? 'read-only');
  if (options.traceOut !== undefined) writePicture(options.traceOut, shown, 'npm run demo');
  return reporter.end({
    traceId,
    spans: trace.nodes.length,
    lines: outline(shown),
    ...(options.traceOut !== undefined && { picture: options.traceOut }),
  });
}

interface Failure {
  readonly step: Step;
  readonly message: string;
  readonly ms: number;
}

/** Plays the steps in order, up to the first that fails. */
async function tell(stage: Stage, reporter: Reporter, signal: AbortSignal): Promise<Failure | undefined> {
  for (const step of story) {
    if (signal.aborted) return undefined;
    const started = performance.now();
    const elapsed = () => Math.round(performance.now() - started);
    try {
      reporter.begin(step.title);
      const shown = await withSpan(step.name, {}, () => step.play(stage));
      reporter.done(step.name, elapsed(), shown);
    } catch (error) {
      return { step, message: (error as Error).message, ms: elapsed() };
    }
  }
  return undefined;
}

function createStage(platform: DemoPlatform): { readonly stage: Stage; readonly close: () => Promise<void> } {
  const people = new Map<string, Promise<Person>>();
  const meet = (username: string, sdk: 'v1' | 'v2') => {
    const key = `${username} ${sdk}`;
    const known = people.get(key);
    if (known !== undefined) return known;
    const { password, issuer } = platform.user(username);
    const person = connectPerson({
      serverUrl: platform.urls.mcp,
      issuer,
      username,
      password,
      sdk,
      browser: platform.createBrowser(),
    });
    people.set(key, person);
    return person;
  };
  return {
    stage: { platform, person: (name) => meet(name, 'v2'), onOlderClient: (name) => meet(name, 'v1') },
    close: async () => {
      const connected = await Promise.allSettled(people.values());
      await Promise.allSettled(
        connected.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)),
      );
    },
  };
}
