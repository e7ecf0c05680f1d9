import type { FastifyInstance } from 'fastify';

export interface ReadinessOptions {
  /** Whether the shared cache answers; undefined when there is none. */
  readonly cacheHealthy: (() => Promise<boolean>) | undefined;
  /** True once the process has been told to end. */
  readonly draining: () => boolean;
}

/**
 * `GET /ready`: 200 while the process takes requests, 503 once it drains. Without Redis it is `degraded` and
 * goes on: exchanges then ask the issuer each time.
 */
export async function readinessRoute(app: FastifyInstance, options: ReadinessOptions): Promise<void> {
  app.get('/ready', { config: { otel: false } }, async (_request, reply) => {
    if (options.draining()) {
      reply.code(503);
      return { status: 'draining' };
    }
    if (options.cacheHealthy === undefined) return { status: 'ready', cache: 'memory' };
    const healthy = await options.cacheHealthy();
    return healthy ? { status: 'ready', cache: 'redis' } : { status: 'degraded', cache: 'unreachable' };
  });
}
