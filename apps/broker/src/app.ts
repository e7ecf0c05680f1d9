import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:tls';
import { systemScheduler } from '@mcp-obo/exchange';
import { fastifyTelemetry } from '@mcp-obo/telemetry/fastify';
import type { FastifyInstance } from 'fastify';
import { type CertificateReader, createCertificateReader } from './client-auth/presented-certificate.ts';
import { createReplayGuard } from './client-auth/replay-guard.ts';
import type { BrokerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';
import { createEndpoints } from './endpoints.ts';
import { createMintKeys } from './mint.ts';
import { createObserver } from './observer.ts';
import type { BrokerCache } from './open-cache.ts';
import { createIssuerRevocations, isCovered } from './revocation/issuer-revocations.ts';
import { createRevocationObserver } from './revocation/revocation-observer.ts';
import { createRevoker } from './revocation/revoker.ts';
import { boundWork } from './routes/bound-work.ts';
import { answerError, answerNotFound } from './routes/errors.ts';
import { certificateReader } from './routes/form-endpoint.ts';
import { interactionRoutes } from './routes/interaction.ts';
import { metadataRoutes } from './routes/metadata.ts';
import { readinessRoute } from './routes/readiness.ts';
import { revocationRoutes } from './routes/revocation.ts';
import { securityEventRoutes } from './routes/security-events.ts';
import { tokenRoutes } from './routes/token.ts';
import { createSecurityEvents } from './security-events/security-events.ts';
import { createServer, secureContext } from './server.ts';
import { createTokenService } from './token-service.ts';

/** The broker as a server that does not listen yet. */
export interface BrokerApp {
  readonly app: FastifyInstance;
  /**
   * Takes a changed configuration over: secrets, keys and certificates, clients, issuers, targets, policy.
   * Requests that have begun end with what they began with. Throws, and changes nothing, when it cannot be used.
   */
  readonly reload: (config: BrokerConfig) => void;
}

/** How long the end of the process waits for revocations at issuers, milliseconds. */
const drainMs = 3000;

/** The broker, wired by hand and in order. Closing it leaves the cache open. */
export async function buildApp(
  config: BrokerConfig,
  deps: BrokerDeps,
  cache: BrokerCache,
): Promise<BrokerApp> {
  const { now, log } = deps;
  const endpoints = createEndpoints(config);
  const observer = createObserver(deps);
  const replay = createReplayGuard({ cache: cache.store, now });
  const atIssuer = createIssuerRevocations({
    revoke: (token, deadline) => service.revokeAtIssuer(token, deadline),
    observer: createRevocationObserver(deps),
    now,
    schedule: systemScheduler,
  });
  const revoker = createRevoker({
    ...cache.revocations,
    evict: (entry) =>
      service.evictByTag(entry.key, (token) => {
        if (isCovered(token, entry)) atIssuer.revoke(token);
      }),
    longestLife: () => service.longestLife,
    now,
    schedule: systemScheduler,
    onError: (err) => log.error({ err }, 'a revocation could not be told to all; it is tried again'),
  });
  const mintKeys = createMintKeys(config, deps);
  const parts = { endpoints, observer, cache, replay, mintKeys, revoke: revoker.revoke, atIssuer };
  let service = createTokenService(config, deps, parts);
  const eventParts = { cache: cache.store, revoke: revoker.revoke };
  let securityEvents = createSecurityEvents(config, deps, eventParts);

  let certificateOf = certificateReaderOf(config);
  let draining = false;
  const app = createServer(config, log);
  app.decorate(certificateReader, (request: IncomingMessage) => certificateOf(request));
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!reply.hasHeader('cache-control'))
      reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
    // A connection that its client keeps would hold the process until the client lets go of it.
    if (draining) reply.header('connection', 'close');
    // Recorded first, answered then: a decision that cannot be recorded is not carried out. A refusal stays one.
    const unrecorded = (error: Error) => {
      if (reply.statusCode < 400) return done(error);
      request.log.error({ err: error }, 'a refusal is not in the audit');
      done(null, payload);
    };
    deps.audit.written().then(() => done(null, payload), unrecorded);
  });
  app.addHook('preClose', async () => {
    draining = true;
    await securityEvents.stop();
  });
  app.addHook('onListen', async () => securityEvents.start());
  app.addHook('onClose', async () => {
    revoker.close();
    await securityEvents.close();
    await service.close();
    await atIssuer.drain(drainMs);
  });
  await app.register(fastifyTelemetry);
  await app.register(readinessRoute, {
    cacheHealthy: cache.shared?.healthy,
    draining: () => draining,
  });
  await app.register(metadataRoutes, {
    authMethods: () => service.authMethods,
    endpoints,
    jwks: mintKeys.jwks,
  });
  await app.register(async (work) => {
    boundWork(work, { most: config.requests_at_once });
    await work.register(tokenRoutes, { token: (request) => service.token(request), endpoints });
    await work.register(revocationRoutes, {
      revocation: {
        token: (request) => service.revocation.token(request),
        all: (request) => service.revocation.all(request),
      },
      introspect: (request) => service.introspect(request),
      backchannelLogout: (request) => service.backchannelLogout(request),
      endpoints,
    });
    await work.register(securityEventRoutes, {
      push: (request) => securityEvents.push(request),
      endpoints,
    });
    await work.register(interactionRoutes, {
      interaction: {
        start: (request) => service.interaction.start(request),
        finish: (request) => service.interaction.finish(request),
      },
      endpoints,
    });
  });

  return {
    app,
    reload(changed) {
      const next = createTokenService(changed, deps, parts);
      const nextEvents = createSecurityEvents(changed, deps, eventParts);
      if (config.listen.tls !== undefined && changed.listen.tls !== undefined)
        (app.server as unknown as Server).setSecureContext(secureContext(changed.listen.tls));
      certificateOf = certificateReaderOf(changed);
      cache.renew(changed);
      mintKeys.take(changed);
      const old = service;
      service = next;
      void old.close();
      void securityEvents.close();
      securityEvents = nextEvents;
      if (app.server.listening) securityEvents.start();
    },
  };
}

function certificateReaderOf({ listen: { tls } }: BrokerConfig): CertificateReader {
  return createCertificateReader({ authorities: tls?.client_ca, forwarded: tls?.forwarded_certificate });
}
