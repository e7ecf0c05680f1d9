import { trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import { scrub } from './scrub.ts';
import { scrubLine } from './scrub-text.ts';

/** The levels of a log, the quietest first. */
export type LogLevel = 'silent' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

export interface LoggerOptions {
  /** Name of the process or part; the `name` member of every line. */
  readonly name: string;
  /** `info` unless told. */
  readonly level?: LogLevel;
  /** Where lines go; standard output unless told. */
  readonly destination?: DestinationStream;
  /** Milliseconds since the epoch; the system clock unless told. */
  readonly now?: () => number;
}

/**
 * A pino logger that writes JSON lines without credentials: members are scrubbed before they become
 * text, and the finished line once more, so a message, a child's bindings or a serializer can bring none in.
 * Lines carry `trace_id` and `span_id` of the active span.
 */
export function createLogger(options: LoggerOptions): Logger {
  const now = options.now ?? Date.now;
  const log = pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      base: {},
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      mixin: traceMembers,
      formatters: { level: (label) => ({ level: label }), log: scrubMembers },
      // Members are plain and scrubbed when serializers see them.
      serializers: { err: (error: unknown) => error },
      hooks: { streamWrite: scrubLine },
    },
    options.destination ?? pino.destination({ fd: 1, sync: false, minLength: 0 }),
  );
  return withScrubbedBindings(log);
}

/** Children inherit these methods, so no logger of the family keeps bindings as they were given. */
function withScrubbedBindings(log: Logger): Logger {
  const { child, setBindings } = log;
  log.child = function (this: Logger, bindings, options) {
    return child.call(this, scrubMembers(bindings), options);
  } as typeof child;
  log.setBindings = function (this: Logger, bindings) {
    setBindings.call(this, scrubMembers(bindings));
  };
  return log;
}

function scrubMembers(members: Record<string, unknown>): Record<string, unknown> {
  return scrub(members) as Record<string, unknown>;
}

function traceMembers(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}
