import type { AuditLog } from '@mcp-obo/audit';
import type { TokenExchange } from '@mcp-obo/exchange';
import { createCatalogueHandlers, type InteractionStore, type Limiter, requirementsOf } from '@mcp-obo/mcp';
import { protectMcp } from '@mcp-obo/mcp/fastify';
import type { RevocationView } from '@mcp-obo/revocation';
import { tlsOptions } from '@mcp-obo/service/tls';
import type { createLogger, PlatformMetrics } from '@mcp-obo/telemetry';
import { fastifyLogging, fastifyTelemetry } from '@mcp-obo/telemetry/fastify';
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { answerErrors, answerUnreadablePath } from './answer-errors.ts';
import { expensesCatalogue } from './catalogue.ts';
import type { Config } from './config.ts';
import { createExpensesApi } from './downstream/expenses-api.ts';
import { guardOf, guardOptions, largeAmounts } from './guard-options.ts';
import { createHandler } from './mcp-handler.ts';
import { createMcpSpan } from './mcp-span.ts';
import { createRecorder } from './recorder.ts';
import { readStrictJson } from './strict-body.ts';
import type { OutgoingReport } from './tools/expenses-tools.ts';

/** What the application is given and does not make: time, network, logger, records. */
export interface AppDependencies {
  readonly exchange: TokenExchange;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  readonly log: ReturnType<typeof createLogger>;
  readonly audit: AuditLog;
  readonly metrics: PlatformMetrics;
  /** What is revoked; absent: nobody tells. */
  readonly revocations?: RevocationView;
  /** Limits of callers; absent: none. */
  readonly limiter?: Limiter;
  /** Where interactions of users are kept; absent: in this process. */
  readonly interactionStore?: InteractionStore;
  readonly outbox?: (report: OutgoingReport) => Promise<void>;
}

/** All wiring of the MCP server, in order. Does not listen. */
export async function buildApp(config: Config, deps: AppDependencies): Promise<FastifyInstance> {
  const { exchange, now, log, audit, metrics, limiter, interactionStore, outbox } = deps;
  const { url, target, timeout_seconds } = config.downstream;
  const catalogue = expensesCatalogue({
    api: createExpensesApi({ url, target, fetch: deps.fetch, timeoutMs: timeout_seconds * 1000 }),
    largeAmounts: largeAmounts(config),
    outbox,
  });
  const requirements = requirementsOf(catalogue);
  const recorder = createRecorder({ audit, metrics, catalogue });
  const guard = guardOf({
    ...guardOptions(config),
    store: interactionStore,
    ...recorder,
    requirements,
    exchange,
    limiter,
    revocations: deps.revocations,
    now,
    log,
  });
  const handler = createHandler({
    guard,
    handlers: createCatalogueHandlers(guard, catalogue),
    inSpan: createMcpSpan(requirements),
    name: 'expenses',
    version: '0.1.0',
    onerror: (error) => log.warn({ err: error }, 'mcp handler'),
  });

  const { tls } = config.listen;
  const requestTimeout = config.request_timeout_seconds * 1000;
  // Node takes the longer of the two times for the whole request, and its own for headers is 60 s.
  const times = { connectionsCheckingInterval: 1000, headersTimeout: requestTimeout };
  const app = Fastify({
    ...fastifyLogging(log),
    bodyLimit: config.body_limit_bytes,
    requestTimeout,
    frameworkErrors: answerUnreadablePath(guard),
    ...(tls === undefined ? { http: times } : { https: { ...times, ...tlsOptions(tls) } }),
    // Fastify types servers with TLS apart; nothing here depends on the difference.
  } as FastifyServerOptions);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, readStrictJson);
  answerErrors(app, guard);
  await app.register(fastifyTelemetry);
  await app.register(protectMcp, { guard, handler });
  app.addHook('onClose', async () => {
    await handler.close();
    await guard.close();
  });
  return app;
}
