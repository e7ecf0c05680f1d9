import { tracingChannel } from 'node:diagnostics_channel';
import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** What ioredis 6 publishes for each command on `ioredis:command`. */
interface RedisCommand {
  readonly command: string;
  readonly database?: number;
  readonly serverAddress?: string;
  readonly serverPort?: number;
  error?: Error;
}

/**
 * Spans for Redis commands by the database semantic conventions, from the diagnostics channel of ioredis: no
 * loader hook and no patching. The name of the command alone is written, no key and no value. A command
 * outside any span makes none.
 */
export function startRedisSpans(): { stop(): void } {
  const spans = new WeakMap<object, Span>();
  const channel = tracingChannel<RedisCommand>('ioredis:command');
  const end = (command: RedisCommand) => {
    spans.get(command)?.end();
    spans.delete(command);
  };
  const subscribers = {
    start(command: RedisCommand) {
      if (trace.getSpan(context.active()) === undefined) return;
      const name = command.command.toUpperCase();
      const span = trace.getTracer('mcp-obo').startSpan(name, {
        kind: SpanKind.CLIENT,
        attributes: {
          'db.system.name': 'redis',
          'db.operation.name': name,
          ...(command.database !== undefined && { 'db.namespace': String(command.database) }),
          ...(command.serverAddress !== undefined && { 'server.address': command.serverAddress }),
          ...(command.serverPort !== undefined && { 'server.port': command.serverPort }),
        },
      });
      spans.set(command, span);
    },
    end() {},
    asyncStart() {},
    asyncEnd: end,
    error(command: RedisCommand) {
      const span = spans.get(command);
      span?.setAttributes(errorAttributes(command.error));
      span?.setStatus({ code: SpanStatusCode.ERROR });
    },
  };
  channel.subscribe(subscribers);
  return { stop: () => channel.unsubscribe(subscribers) };
}

/** Redis says what is wrong in the first word of its answer (`ERR`, `WRONGTYPE`); of other errors the name is told. */
function errorAttributes(error: Error | undefined): Attributes {
  const prefix = error?.name === 'ReplyError' ? /^[A-Z]+(?= )/.exec(error.message)?.[0] : undefined;
  if (prefix === undefined) return { 'error.type': error?.name ?? 'Error' };
  return { 'db.response.status_code': prefix, 'error.type': prefix };
}
