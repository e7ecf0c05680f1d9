import { fastifyLogging } from '@mcp-obo/telemetry/fastify';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { BrokerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';
import { answerUnreadablePath } from './routes/errors.ts';

type Logging = Pick<FastifyServerOptions, 'logController'> & { readonly loggerInstance: FastifyBaseLogger };

/** Milliseconds. Node takes the longer of the two for the whole request, whichever it is. */
const requestTimeout = 30_000;
const headersTimeout = 10_000;

/**
 * The HTTP server: https when the configuration has a key, TLS 1.3 only. While it closes it still answers
 * what comes in over connections that are open, so that a rolling restart loses no request.
 */
export function createServer(
  { listen, body_limit_bytes }: BrokerConfig,
  log: BrokerDeps['log'],
): FastifyInstance {
  const logging: Logging = fastifyLogging(log);
  const options = {
    ...logging,
    bodyLimit: body_limit_bytes,
    return503OnClosing: false,
    requestTimeout,
    frameworkErrors: answerUnreadablePath,
  };
  if (listen.tls === undefined) return Fastify({ ...options, http: { headersTimeout } });
  const { key, cert } = listen.tls;
  // Fastify types servers with TLS apart; nothing here depends on the difference.
  return Fastify({
    ...options,
    https: { key, cert, headersTimeout, minVersion: 'TLSv1.3' },
  }) as unknown as FastifyInstance;
}
