import {
  createAnswerValidator,
  createExchangeEngine,
  createInteractions,
  type EvictedToken,
  type ExchangeEngine,
  fetchWithOwnKeys,
  type MintKeyRing,
} from '@mcp-obo/exchange';
import { createValidator, type IssuerConfig } from '@mcp-obo/validator';
import { authMethodsOf } from './client-auth/auth-methods.ts';
import { createClientAuthenticator } from './client-auth/authenticate.ts';
import { createAssertionVerifier } from './client-auth/private-key-jwt.ts';
import type { ReplayGuard } from './client-auth/replay-guard.ts';
import { createWorkloadTokenVerifier } from './client-auth/workload-token.ts';
import type { BrokerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';
import type { Endpoints } from './endpoints.ts';
import { enginePolicy, engineTargets } from './engine-options.ts';
import {
  createInteractionEndpoints,
  type InteractionEndpoints,
} from './interaction/interaction-endpoints.ts';
import { createMints, mintedSubjects } from './mint.ts';
import type { createObserver } from './observer.ts';
import type { BrokerCache } from './open-cache.ts';
import { createResourceRegistry } from './registry/resource-registry.ts';
import { type IssuerRevocations, revokeAtIssuer } from './revocation/issuer-revocations.ts';
import { noteObtained } from './revocation/note-obtained.ts';
import { createOpaqueTokens } from './revocation/opaque-tokens.ts';
import {
  createRevocationService,
  logoutIssuers,
  longestLife,
  type RevocationService,
} from './revocation/revocation-service.ts';
import type { Revoker } from './revocation/revoker.ts';
import { createClientCredentials } from './token/client-credentials.ts';
import { createJwtBearer } from './token/jwt-bearer.ts';
import { createRepeats } from './token/repeats.ts';
import { createSubjectCheck } from './token/subject-check.ts';
import { createTargetRegistry } from './token/target-registry.ts';
import { createTokenEndpoint } from './token/token-endpoint.ts';
import { createTokenExchange } from './token/token-exchange.ts';
import { createIdJags, createUpstreams, credentialsAt } from './upstreams.ts';

/** All that answers a token request. It is made anew, as a whole, when the configuration changes. */
export interface TokenService {
  readonly token: ReturnType<typeof createTokenEndpoint>;
  /** How its clients authenticate, by the names of RFC 8414. */
  readonly authMethods: readonly string[];
  readonly interaction: InteractionEndpoints;
  readonly revocation: RevocationService['revocation'];
  readonly introspect: RevocationService['introspect'];
  readonly backchannelLogout: RevocationService['backchannelLogout'];
  readonly evictByTag: ExchangeEngine['evictByTag'];
  /** Ends a token where it was obtained, as whom it was obtained. */
  readonly revokeAtIssuer: (token: EvictedToken, deadline: number) => Promise<void>;
  /** Longest life of a token by the settings of its issuer, milliseconds. */
  readonly longestLife: number;
  /** Resolves when nothing is under way. */
  readonly close: () => Promise<void>;
}

/** What stays when the configuration changes. */
export interface TokenServiceParts {
  readonly endpoints: Endpoints;
  readonly observer: ReturnType<typeof createObserver>;
  readonly cache: BrokerCache;
  readonly replay: ReplayGuard;
  readonly mintKeys: MintKeyRing;
  readonly revoke: Revoker['revoke'];
  readonly atIssuer: Pick<IssuerRevocations, 'revoke'>;
}

/** The token service of a configuration, wired by hand and in order. */
export function createTokenService(
  config: BrokerConfig,
  deps: BrokerDeps,
  { endpoints, observer, cache, replay, mintKeys, revoke, atIssuer }: TokenServiceParts,
): TokenService {
  const { now, fetch, log } = deps;
  const targets = engineTargets(config);
  const issuers = createUpstreams(config, deps, observer.onBreaker);
  const upstreams = [
    ...issuers,
    ...createMints(config, deps, { endpoints, mintKeys }),
    ...createIdJags(config, deps, observer.onBreaker),
  ];
  const opaque = createOpaqueTokens(cache.store);
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
    revocations: cache.revocations.list,
    onObtained: noteObtained({
      obtained: cache.revocations.obtained,
      opaque,
      revocations: cache.revocations.list,
      atIssuer,
    }),
    onEvent: observer.onExchange,
  });

  const registry = createResourceRegistry(config.resources);
  // A token of an actor may be for this broker itself.
  const audiences = [...registry.audiences, endpoints.issuer];
  const minted = mintedSubjects(config, endpoints, audiences);
  const trusted = [...subjectIssuers(config, audiences), ...minted];
  const remembered = rememberedFor(config);
  const subjects = createValidator({
    issuers: trusted,
    cache: { maxEntries: remembered },
    revocations: cache.revocations.list,
    fetch: fetchWithOwnKeys(fetch, upstreams),
    now,
    log,
    onEvent: observer.onValidation,
  });
  const check = observer.watchTokens(
    createSubjectCheck({
      validate: subjects.validate,
      issuers: config.issuers,
      registry,
      minted: minted.map(({ issuer }) => issuer),
      broker: endpoints.issuer,
      url: endpoints.token,
    }),
  );
  const assertionVerifier = createAssertionVerifier({ audiences: endpoints.assertionAudiences, replay, now });
  const workloadVerifier = createWorkloadTokenVerifier({
    audiences: endpoints.assertionAudiences,
    fetch,
    now,
  });
  const authenticate = observer.watchClients(
    createClientAuthenticator({ clients: config.clients, assertionVerifier, workloadVerifier, now }),
  );
  const grantOptions = { engine, check, targets: createTargetRegistry(config.targets), now };
  const token = createTokenEndpoint({
    authenticate,
    grants: {
      'token-exchange': createTokenExchange({
        ...grantOptions,
        standing: { holds: subjects.holds, accepted: observer.onSubjectAgain },
      }),
      'jwt-bearer': createJwtBearer(grantOptions),
      client_credentials: createClientCredentials(grantOptions),
    },
    onRefused: observer.onRefused,
    // Nothing is served again where nothing is kept.
    ...((config.cache.memory_mib > 0 || cache.shared !== undefined) && {
      repeats: createRepeats(remembered),
    }),
  });

  const {
    revocation,
    introspect,
    backchannelLogout,
    close: closeRevocation,
  } = createRevocationService(deps, {
    logoutIssuers: logoutIssuers(trusted, config),
    replay,
    endpoints,
    authenticate,
    revocations: cache.revocations.list,
    revoke,
    atIssuer,
    opaque,
    clients: config.clients,
    upstreams,
    targets,
    subjectIssuers: trusted,
    registry,
  });

  const interaction = createInteractionEndpoints({
    authenticate,
    check,
    targets: grantOptions.targets,
    interactions: createInteractions({
      issuers: issuers.map((upstream) => ({
        ...upstream,
        credentials: credentialsAt(upstream.issuer, config.clients),
      })),
      targets,
      policy: enginePolicy(config),
      redirectUris: Object.fromEntries(config.clients.map(({ id, redirect_uris }) => [id, redirect_uris])),
      evictByTag: engine.evictByTag,
      fetch,
      timeoutMs: config.network.timeout_seconds * 1000,
      now,
      random: deps.random,
    }),
    onRefused: observer.onRefused,
  });

  return {
    token,
    authMethods: authMethodsOf(config.clients),
    interaction,
    revocation,
    introspect,
    backchannelLogout,
    evictByTag: engine.evictByTag,
    revokeAtIssuer: (evicted, deadline) => revokeAtIssuer(upstreams, evicted, deadline),
    longestLife: longestLife(config),
    async close() {
      await engine.close();
      subjects.close();
      closeRevocation();
      answers.close();
    },
  };
}

/** Grants and requests that are remembered: about as many as memory has tokens, so that none of them is in the way. */
function rememberedFor({ cache: { memory_mib } }: BrokerConfig): number {
  const entryBytes = 2048;
  return Math.max(10_000, Math.floor((memory_mib * 1024 * 1024) / entryBytes));
}

/** The issuers of subject tokens, with the names of all resources; whose each token is, is checked after. */
function subjectIssuers({ issuers }: BrokerConfig, audiences: readonly string[]): readonly IssuerConfig[] {
  return issuers.map((entry) => ({
    issuer: entry.issuer,
    tenant: entry.tenant,
    profile: entry.profile,
    audiences,
    companions: entry.companions,
    scopePrefixes: entry.scope_prefixes,
    ...(entry.jwks_uri === undefined ? {} : { jwksUri: entry.jwks_uri }),
    ...(entry.algorithms === undefined ? {} : { algorithms: entry.algorithms }),
    ...(entry.max_lifetime === undefined ? {} : { maxLifetime: entry.max_lifetime }),
  }));
}
