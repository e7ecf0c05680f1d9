import { createAnswerValidator, createExchangeEngine } from '@mcp-obo/exchange';
import { fastifyTelemetry } from '@mcp-obo/telemetry/fastify';
import { createValidator } from '@mcp-obo/validator';
import type { FastifyInstance } from 'fastify';
import { createClientAuthenticator } from './client-auth/authenticate.ts';
import { createAssertionVerifier } from './client-auth/private-key-jwt.ts';
import { createReplayGuard } from './client-auth/replay-guard.ts';
import type { BrokerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';
import { createEndpoints } from './endpoints.ts';
import { enginePolicy, engineTargets } from './engine-options.ts';
import { createObserver } from './observer.ts';
import type { BrokerCache } from './open-cache.ts';
import { answerError, answerNotFound } from './routes/errors.ts';
import { metadataRoutes } from './routes/metadata.ts';
import { readinessRoute } from './routes/readiness.ts';
import { tokenRoutes } from './routes/token.ts';
import { createServer } from './server.ts';
import { createClientCredentials } from './token/client-credentials.ts';
import { createJwtBearer } from './token/jwt-bearer.ts';
import { audiencesOf, createSubjectCheck } from './token/subject-check.ts';
import { createTargetRegistry } from './token/target-registry.ts';
import { createTokenEndpoint } from './token/token-endpoint.ts';
import { createTokenExchange } from './token/token-exchange.ts';
import { createUpstreams } from './upstreams.ts';

/** The broker, wired by hand and in order. It does not listen yet; closing it closes the cache. */
export async function buildApp(
  config: BrokerConfig,
  deps: BrokerDeps,
  cache: BrokerCache,
): Promise<FastifyInstance> {
  const { now, fetch, log } = deps;
  const endpoints = createEndpoints(config);
  const observer = createObserver(deps);

  const targets = engineTargets(config);
  const upstreams = createUpstreams(config, deps, observer.onBreaker);
  const answers = createAnswerValidator({ upstreams, targets, fetch, now, log });
  const engine = createExchangeEngine({
    targets,
    upstreams,
    policy: enginePolicy(config),
    ...(cache.shared === undefined ? {} : { cache: cache.shared }),
    memoryBytes: config.cache.memory_mib * 1024 * 1024,
    negativeSeconds: config.cache.negative_seconds,
    deadlineMs: config.network.deadline_seconds * 1000,
    answers,
    now,
    onEvent: observer.onExchange,
  });

  const subjects = createValidator({
    issuers: subjectIssuers(config),
    fetch,
    now,
    log,
    onEvent: observer.onValidation,
  });
  const checkSubject = observer.watchSubjects(
    createSubjectCheck({ validate: subjects.validate, issuers: config.issuers, url: endpoints.token }),
  );
  const replay = createReplayGuard({ cache: cache.store, now });
  const assertionVerifier = createAssertionVerifier({ audiences: endpoints.assertionAudiences, replay, now });
  const authenticate = observer.watchClients(
    createClientAuthenticator({ clients: config.clients, assertionVerifier }),
  );
  const grantOptions = { engine, checkSubject, targets: createTargetRegistry(config.targets), now };
  const token = createTokenEndpoint({
    authenticate,
    grants: {
      'token-exchange': createTokenExchange(grantOptions),
      'jwt-bearer': createJwtBearer(grantOptions),
      client_credentials: createClientCredentials(grantOptions),
    },
    onRefused: observer.onRefused,
  });

  let draining = false;
  const app = createServer(config, log);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control'))
      reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
    // A connection that its client keeps would hold the process until the client lets go of it.
    if (draining) reply.header('connection', 'close');
  });
  app.addHook('preClose', async () => {
    draining = true;
  });
  app.addHook('onClose', async () => {
    subjects.close();
    answers.close();
    await engine.close();
  });
  await app.register(fastifyTelemetry);
  await app.register(readinessRoute, {
    cacheHealthy: cache.shared?.healthy,
    draining: () => draining,
  });
  await app.register(metadataRoutes, { endpoints });
  await app.register(tokenRoutes, { token, endpoints });
  return app;
}

/** The issuers of subject tokens, with the audiences of all clients; whose each token is, is checked after. */
function subjectIssuers({ issuers, clients }: BrokerConfig) {
  return issuers.map((entry) => ({
    issuer: entry.issuer,
    tenant: entry.tenant,
    profile: entry.profile,
    audiences: audiencesOf(clients),
    companions: entry.companions,
    scopePrefixes: entry.scope_prefixes,
    ...(entry.jwks_uri === undefined ? {} : { jwksUri: entry.jwks_uri }),
    ...(entry.algorithms === undefined ? {} : { algorithms: entry.algorithms }),
    ...(entry.max_lifetime === undefined ? {} : { maxLifetime: entry.max_lifetime }),
  }));
}
