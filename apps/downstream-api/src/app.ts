import type { DatabaseSync } from 'node:sqlite';
import type { AuditLog } from '@mcp-obo/audit';
import { protectedResourceMetadata, protectedResourceMetadataUrl } from '@mcp-obo/metadata';
import { metadataRoutes } from '@mcp-obo/metadata/fastify';
import type { RevocationView } from '@mcp-obo/revocation';
import { trustedIssuer } from '@mcp-obo/service/issuer';
import { tlsOptions } from '@mcp-obo/service/tls';
import type { createLogger, PlatformMetrics } from '@mcp-obo/telemetry';
import { fastifyLogging, fastifyTelemetry } from '@mcp-obo/telemetry/fastify';
import { createValidator, type Fetch, type ValidatorEvent } from '@mcp-obo/validator';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyServerOptions } from 'fastify';
import { answerErrors, answerUnreadablePath } from './answer-errors.ts';
import type { Archive } from './archive/archive.ts';
import { archiveRoute } from './archive/archive-route.ts';
import { createAuthentication } from './authenticate.ts';
import type { Config } from './config.ts';
import { expenseOperations } from './routes/expenses.ts';
import { serveOperations } from './routes/serve-operations.ts';
import { totalOperations } from './routes/totals.ts';
import { inTransaction } from './store/database.ts';
import { createExpenseStore } from './store/expense-store.ts';
import { createPeopleStore } from './store/people-store.ts';

/** What the application is given and does not make. */
export interface AppDependencies {
  readonly database: DatabaseSync;
  readonly fetch: Fetch;
  readonly now: () => number;
  readonly newId: () => string;
  readonly log: ReturnType<typeof createLogger>;
  readonly audit: AuditLog;
  readonly metrics: PlatformMetrics;
  /** What is revoked; absent: nobody tells. */
  readonly revocations?: RevocationView;
  /** The second API; absent: there is none. */
  readonly archive?: Archive;
}

/** Fastify's own type of a logger, so that the instance has its plain type. */
type Logging = Pick<FastifyServerOptions, 'logController'> & { readonly loggerInstance: FastifyBaseLogger };

/** All wiring of the API, in order. Does not listen. */
export async function buildApp(config: Config, deps: AppDependencies): Promise<FastifyInstance> {
  const { database, fetch, now, newId, log, audit, metrics, archive, revocations } = deps;
  const resourceMetadataUrl = protectedResourceMetadataUrl(config.resource);
  const validator = createValidator({
    issuers: config.issuers.map(trustedIssuer),
    revocations,
    fetch,
    now,
    log,
    onEvent: (event) => count(event, metrics),
  });
  const { hook, grantOf } = createAuthentication({
    validator,
    revocations,
    resource: config.resource,
    resourceMetadataUrl,
    audit,
  });
  const stores = {
    findPerson: createPeopleStore(database),
    expenses: createExpenseStore({ database, now, newId }),
  };

  const logging: Logging = fastifyLogging(log);
  const { tls } = config.listen;
  const times = { headersTimeout: 10_000 };
  const app = Fastify({
    ...logging,
    bodyLimit: config.body_limit_bytes,
    // Node takes the longer of the two for the whole request, and its own for headers is 60 s.
    requestTimeout: 30_000,
    ...(tls === undefined ? { http: times } : { https: { ...times, ...tlsOptions(tls) } }),
    return503OnClosing: false,
    frameworkErrors: answerUnreadablePath,
    // Fastify types servers with TLS apart; nothing here depends on the difference.
  } as FastifyServerOptions);
  answerErrors(app, resourceMetadataUrl);
  await app.register(fastifyTelemetry);
  await app.register(metadataRoutes, { metadata: metadataOf(config) });
  await app.register(async (protectedRoutes) => {
    protectedRoutes.addHook('onRequest', hook);
    protectedRoutes.addHook('onSend', async (_request, reply) => {
      reply.header('cache-control', 'no-store');
    });
    await protectedRoutes.register(serveOperations, {
      operations: [...expenseOperations, ...totalOperations],
      stores,
      audit,
      inTransaction: (work) => inTransaction(database, work),
      grantOf,
    });
    if (archive !== undefined)
      await protectedRoutes.register(archiveRoute, {
        archive,
        stores,
        audit,
        grantOf,
        resource: config.resource,
      });
  });
  app.addHook('onClose', async () => validator.close());
  return app;
}

function metadataOf(config: Config) {
  return protectedResourceMetadata({
    resource: config.resource,
    // Nobody logs in at a broker, but at the issuers it speaks for.
    authorizationServers: [
      ...new Set(
        config.issuers.flatMap(({ issuer, vouches_for: others }) =>
          others.length === 0 ? [issuer] : others,
        ),
      ),
    ],
    scopesSupported: ['api:expenses.read'],
    resourceName: 'Expenses API',
  });
}

function count(event: ValidatorEvent, metrics: PlatformMetrics): void {
  if (event.type === 'success') metrics.authSuccess({ tenant: event.tenant });
  if (event.type === 'failure') metrics.authFailure({ reason: event.reason });
  if (event.type === 'jwks_refresh')
    metrics.jwksRefresh({ issuer: event.issuer, outcome: event.outcome === 'success' ? 'ok' : 'failed' });
  if (event.type === 'jwks_stale') metrics.jwksAge(event.ageSeconds, { issuer: event.issuer });
}
