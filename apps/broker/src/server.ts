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
  // Fastify types servers with TLS apart; nothing here depends on the difference.
  return Fastify({
    ...options,
    // Who shows no certificate, or one that nobody signed, may still prove itself otherwise (RFC 8705 §2).
    https: { ...secureContext(listen.tls), headersTimeout, requestCert: true, rejectUnauthorized: false },
  }) as unknown as FastifyInstance;
}

/** What of a connection can change while the server runs. */
export function secureContext({ key, cert, client_ca: ca }: NonNullable<BrokerConfig['listen']['tls']>) {
  return { key, cert, ca, minVersion: 'TLSv1.3' } as const;
}
