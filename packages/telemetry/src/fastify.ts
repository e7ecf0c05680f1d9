import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
  type LogLevel,
} from 'fastify';
import fastifyPlugin from 'fastify-plugin';
import type { Logger } from 'pino';
import { scrubUrl } from './scrub-text.ts';
import { endServerSpan, inServerSpan, type ServerSpan, startServerSpan } from './server-span.ts';

/** What `GET /health` answers. */
export interface Health {
  /** `ok` and `degraded` answer 200, `down` answers 503. */
  readonly status: 'ok' | 'degraded' | 'down';
  readonly [member: string]: unknown;
}

export interface FastifyTelemetryOptions {
  /** State of the process for `GET /health`; `{ status: 'ok' }` unless told. */
  readonly health?: () => Health | Promise<Health>;
}

/**
 * One plugin for every HTTP server of the platform, to be registered first: a server span per request that continues the caller's trace and is active in every hook and handler, one log line per
 * request without its query (with the error, when the server is at fault), and `GET /health`, which makes
 * neither. Create the server with {@link fastifyLogging}.
 */
export const fastifyTelemetry = fastifyPlugin<FastifyTelemetryOptions>(registerTelemetry, {
  name: '@mcp-obo/telemetry',
  fastify: '5.x',
});

/** Options for `fastify(…)`: this logger for every request, and none of Fastify's own lines, which print queries. */
export function fastifyLogging(logger: Logger): {
  loggerInstance: FastifyBaseLogger;
  logController: LogController;
  childLoggerFactory: (logger: FastifyBaseLogger) => FastifyBaseLogger;
} {
  return {
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    // A line has its trace, which says more than the number of a request; a logger for each costs more than the line.
    childLoggerFactory: (parent) => parent,
  };
}

/** What is known of a request until it is answered. */
interface Watched {
  readonly server?: ServerSpan;
  error?: Error;
}

const watched = Symbol('mcp-obo request');

type WatchedRequest = FastifyRequest & { [watched]?: Watched };

/** Hooks take callbacks: a promise for each of them would be the larger part of what they do. */
async function registerTelemetry(app: FastifyInstance, options: FastifyTelemetryOptions): Promise<void> {
  const health = options.health ?? (() => ({ status: 'ok' }) as const);
  app.decorateRequest(watched, undefined);
  app.addHook('onRequest', (request: WatchedRequest, _reply, done) => {
    if (isHealth(request)) return done();
    const server = startServerSpan(request);
    request[watched] = { server };
    inServerSpan(server, done);
  });
  app.addHook('onError', (request: WatchedRequest, _reply, error, done) => {
    const seen = request[watched];
    if (seen !== undefined) seen.error = error;
    done();
  });
  app.addHook('onResponse', (request: WatchedRequest, reply, done) => {
    const seen = request[watched];
    if (seen?.server !== undefined) {
      const { server, error } = seen;
      endServerSpan(server, reply, error);
      const level = levelOf(reply.statusCode);
      if (isWritten(request.log, level)) inServerSpan(server, () => logRequest(request, reply, level, error));
    }
    done();
  });
  app.get('/health', async (_request, reply) => {
    const report = await health();
    reply.code(report.status === 'down' ? 503 : 200).header('cache-control', 'no-store');
    return report;
  });
}

function isHealth(request: FastifyRequest): boolean {
  return request.routeOptions.url === '/health';
}

/** Fastify's type of a logger does not know every method of pino. */
function isWritten(log: FastifyBaseLogger, level: LogLevel): boolean {
  return (log as Partial<Logger>).isLevelEnabled?.(level) ?? true;
}

function logRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  level: ReturnType<typeof levelOf>,
  err: Error | undefined,
): void {
  request.log[level](
    {
      method: request.method,
      path: request.routeOptions.url ?? scrubUrl(request.url),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(level === 'error' && err && { err }),
    },
    'request',
  );
}

/** Successes are for debugging; the audit has every decision. */
function levelOf(status: number): Exclude<LogLevel, 'silent'> {
  if (status >= 500) return 'error';
  return status >= 400 ? 'info' : 'debug';
}
