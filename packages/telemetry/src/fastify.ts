import otel from '@fastify/otel';
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
 * One plugin for every HTTP server of the platform, to be registered first: a server span per request
 * (`@fastify/otel`) that continues the caller's trace and is active in every hook and handler, one log line per
 * request without its query (with the error, when the server is at fault), and `GET /health`, which makes
 * neither. Create the server with {@link fastifyLogging}.
 */
export const fastifyTelemetry = fastifyPlugin<FastifyTelemetryOptions>(registerTelemetry, {
  name: '@mcp-obo/telemetry',
  fastify: '5.x',
});

/** Options for `fastify(…)`: this logger, and none of Fastify's own lines, which print queries. */
export function fastifyLogging(logger: Logger): {
  loggerInstance: FastifyBaseLogger;
  logController: LogController;
} {
  return { loggerInstance: logger, logController: new LogController({ disableRequestLogging: true }) };
}

async function registerTelemetry(app: FastifyInstance, options: FastifyTelemetryOptions): Promise<void> {
  const health = options.health ?? (() => ({ status: 'ok' }) as const);
  const instrumentation = new otel.FastifyOtelInstrumentation({
    instrumentHooks: false,
    instrumentHandler: false,
    recordExceptions: false,
    requestHook: (span, request) => {
      span.updateName(`${request.method} ${request.routeOptions.url ?? 'unmatched'}`);
      span.setAttributes({
        'url.path': scrubUrl(request.url),
        'url.scheme': request.protocol,
        'server.address': request.hostname,
        ...(request.port !== null && { 'server.port': request.port }),
        'network.protocol.version': request.raw.httpVersion,
      });
    },
  });
  await app.register(instrumentation.plugin());
  const errors = new WeakMap<FastifyRequest, Error>();
  app.addHook('onError', async (request, _reply, error) => void errors.set(request, error));
  app.addHook('onResponse', async (request, reply) => logRequest(request, reply, errors.get(request)));
  app.get('/health', { config: { otel: false } }, async (_request, reply) => {
    const report = await health();
    reply.code(report.status === 'down' ? 503 : 200).header('cache-control', 'no-store');
    return report;
  });
}

function logRequest(request: FastifyRequest, reply: FastifyReply, err: Error | undefined): void {
  const route = request.routeOptions.url;
  if (route === '/health') return;
  const level = levelOf(reply.statusCode);
  request.log[level](
    {
      method: request.method,
      path: route ?? scrubUrl(request.url),
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
