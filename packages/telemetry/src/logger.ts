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
  return pino(
    {
      name: options.name,
      level: options.level ?? 'info',
      base: {},
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      mixin: traceMembers,
      formatters: {
        level: (label) => ({ level: label }),
        bindings: scrubMembers,
        log: scrubMembers,
      },
      // Members are plain and scrubbed when serializers see them.
      serializers: { err: (error: unknown) => error, req: scrub, res: scrub },
      hooks: { streamWrite: scrubLine },
    },
    options.destination ?? pino.destination({ fd: 1, sync: false, minLength: 0 }),
  );
}

function scrubMembers(members: Record<string, unknown>): Record<string, unknown> {
  return scrub(members) as Record<string, unknown>;
}

function traceMembers(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId };
}
