import { parseArgs } from 'node:util';
import { ConfigError, type ConfigSource } from '@mcp-obo/config';
import { createLogger } from '@mcp-obo/telemetry';
import { startTelemetry } from '@mcp-obo/telemetry/sdk';
import closeWithGrace from 'close-with-grace';
import { startupSentence } from './startup-error.ts';

type Logger = ReturnType<typeof createLogger>;
type LogLevel = NonNullable<Parameters<typeof createLogger>[0]['level']>;

/** A process that runs, and how to end it. */
export interface Service {
  /** Address it answers at, for the log. */
  readonly url: string;
  /** Ends it: no new request, those in work are answered. */
  readonly close: () => Promise<void>;
}

export interface ServiceContext {
  readonly log: Logger;
  readonly env: ConfigSource['env'];
  /** Where the configuration was read from, to read it again. */
  readonly source: ConfigSource;
}

export interface ServiceDefinition<C extends { readonly log_level: LogLevel }> {
  /** Name in logs, traces and help. */
  readonly name: string;
  /** Version of the service, for traces and metrics. */
  readonly version: string;
  /** One sentence for `--help`. */
  readonly purpose: string;
  /** Variables it reads, for `--help`. */
  readonly variables: readonly string[];
  /** Share of the requests without a trace of their own whose spans are recorded; all when absent. */
  readonly recordedRoots?: number;
  /** Throws a `ConfigError` that names every bad setting. */
  readonly readConfig: (source: ConfigSource) => C;
  /** Opens everything and listens. */
  readonly start: (config: C, context: ServiceContext) => Promise<Service>;
}

/**
 * Runs a process from its arguments and environment. Exit codes: 0 after a signal and a clean end, 1 when it
 * cannot start or breaks, 2 for wrong arguments or configuration. The only reader of `process` in an app.
 */
export async function runService<C extends { readonly log_level: LogLevel }>(
  definition: ServiceDefinition<C>,
): Promise<void> {
  const file = readArguments(definition);
  const source: ConfigSource = { env: process.env, file };
  const config = readConfig(definition, source);
  const log = createLogger({ name: definition.name, level: config.log_level });
  let telemetry: Awaited<ReturnType<typeof startTelemetry>> | undefined;
  let service: Service | undefined;
  // From here on, so that a signal ends the process cleanly also while it starts.
  closeWithGrace(
    { delay: 10_000, logger: { error: (message) => log.error(message) } },
    async ({ err, signal }) => {
      if (err !== undefined) log.error({ err }, 'closing after an error');
      else log.info({ signal }, 'closing');
      await service?.close();
      await telemetry?.shutdown();
    },
  );
  try {
    telemetry = await startTelemetry({
      serviceName: definition.name,
      serviceVersion: definition.version,
      env: process.env,
      ...(definition.recordedRoots !== undefined && { recordedRoots: definition.recordedRoots }),
    });
    service = await definition.start(config, { log, env: process.env, source });
    log.info({ url: service.url }, 'listening');
  } catch (error) {
    if (error instanceof ConfigError) leave(2, error.message);
    log.debug({ err: error }, 'start failed');
    leave(1, `${definition.name} cannot start: ${startupSentence(error)}`);
  }
}

function readArguments<C extends { readonly log_level: LogLevel }>(
  definition: ServiceDefinition<C>,
): string | undefined {
  try {
    const { values } = parseArgs({
      options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help !== true) return values.config;
  } catch (error) {
    leave(2, `${(error as Error).message}\n\n${help(definition)}`);
  }
  process.stdout.write(`${help(definition)}\n`);
  process.exit(0);
}

function readConfig<C extends { readonly log_level: LogLevel }>(
  definition: ServiceDefinition<C>,
  source: ConfigSource,
): C {
  try {
    return definition.readConfig(source);
  } catch (error) {
    if (error instanceof ConfigError) leave(2, error.message);
    throw error;
  }
}

function help({
  name,
  purpose,
  variables,
}: Pick<ServiceDefinition<never>, 'name' | 'purpose' | 'variables'>): string {
  return [
    `${name}: ${purpose}`,
    '',
    'Options:',
    '  --config FILE  settings as YAML; variables win over it',
    '  --help         this text',
    '',
    `Variables: ${variables.join(', ')}`,
    'Exit codes: 0 ended by a signal, 1 cannot start, 2 wrong arguments or configuration',
  ].join('\n');
}

function leave(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
