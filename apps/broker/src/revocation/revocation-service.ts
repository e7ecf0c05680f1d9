import { createAnswerValidator, fetchWithOwnKeys, type Target, type Upstream } from '@mcp-obo/exchange';
import { idpProfile } from '@mcp-obo/idp-profile';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { RevocationView } from '@mcp-obo/revocation';
import {
  createLogoutTokenValidator,
  createValidator,
  type IssuerConfig,
  type LogoutTokenValidator,
} from '@mcp-obo/validator';
import type { ClientAuthenticator } from '../client-auth/authenticate.ts';
import type { ReplayGuard } from '../client-auth/replay-guard.ts';
import type { BrokerConfig, ClientConfig } from '../config.ts';
import type { BrokerDeps } from '../deps.ts';
import type { Endpoints } from '../endpoints.ts';
import type { ResourceRegistry } from '../registry/resource-registry.ts';
import { createBackchannelLogout } from './backchannel-logout.ts';
import { createIntrospectionEndpoint } from './introspection-endpoint.ts';
import type { IssuerRevocations } from './issuer-revocations.ts';
import { createRecogniser } from './known-token.ts';
import type { OpaqueTokens } from './opaque-tokens.ts';
import { createRevocationEndpoints, type RevocationEndpoints } from './revocation-endpoints.ts';
import { createRevocationObserver } from './revocation-observer.ts';
import type { Revoker } from './revoker.ts';

export interface RevocationServiceParts {
  readonly endpoints: Pick<Endpoints, 'token'>;
  readonly authenticate: ClientAuthenticator;
  readonly revoke: Revoker['revoke'];
  /** Ends a token at the issuer that it was obtained from. */
  readonly atIssuer: Pick<IssuerRevocations, 'revoke'>;
  readonly opaque: Pick<OpaqueTokens, 'find'>;
  readonly clients: readonly ClientConfig[];
  readonly revocations: RevocationView;
  readonly upstreams: readonly Upstream[];
  readonly targets: Readonly<Record<string, Target>>;
  /** Issuers of tokens for the clients of this broker. */
  readonly subjectIssuers: readonly IssuerConfig[];
  readonly registry: ResourceRegistry;
  /** Issuers that tell of logouts; their audiences are the clients that they tell of. */
  readonly logoutIssuers: readonly IssuerConfig[];
  readonly replay: ReplayGuard;
}

/** All that ends tokens, and tells whether they have ended, for one configuration. */
export interface RevocationService {
  readonly revocation: RevocationEndpoints;
  readonly backchannelLogout: ReturnType<typeof createBackchannelLogout>;
  readonly introspect: ReturnType<typeof createIntrospectionEndpoint>;
  readonly close: () => void;
}

export function createRevocationService(deps: BrokerDeps, parts: RevocationServiceParts): RevocationService {
  const { fetch, now, log } = deps;
  const { upstreams, targets } = parts;
  const subjects = createValidator({
    issuers: parts.subjectIssuers,
    fetch: fetchWithOwnKeys(fetch, upstreams),
    now,
    log,
  });
  const obtained = createAnswerValidator({
    upstreams,
    targets,
    fetch,
    now,
    log,
    cache: { maxEntries: 10_000 },
  });
  const recognise = createRecogniser({
    subjects: subjects.validate,
    obtained: obtained.validate,
    url: parts.endpoints.token,
  });
  const { logoutIssuers: issuers } = parts;
  const logoutTokens =
    issuers.length === 0 ? noLogoutTokens : createLogoutTokenValidator({ issuers, fetch, now, log });
  const observer = createRevocationObserver(deps);
  return {
    backchannelLogout: createBackchannelLogout({ ...parts, validate: logoutTokens.validate, observer }),
    introspect: createIntrospectionEndpoint({ ...parts, recognise }),
    revocation: createRevocationEndpoints({
      ...parts,
      recognise,
      issuers: [...new Set(upstreams.flatMap(({ answerIssuers }) => answerIssuers))],
      observer,
    }),
    close() {
      subjects.close();
      obtained.close();
      logoutTokens.close();
    },
  };
}

/** No issuer knows a client of this broker. */
const noLogoutTokens: LogoutTokenValidator = {
  validate: () =>
    Promise.reject(new OAuthError('invalid_token', 'No issuer is known.', { reason: 'issuer' })),
  close: () => undefined,
};

/** Longest life of a token by the settings of its issuer, milliseconds. */
export function longestLife({ issuers }: Pick<BrokerConfig, 'issuers'>): number {
  const lives = issuers.map(
    ({ profile, max_lifetime }) => max_lifetime ?? idpProfile(profile).token.maxLifetime,
  );
  return Math.max(...lives) * 1000;
}

/** The identity providers among the trusted issuers, and the clients whose sessions they tell of. */
export function logoutIssuers(
  trusted: readonly IssuerConfig[],
  { issuers, clients }: Pick<BrokerConfig, 'issuers' | 'clients'>,
): readonly IssuerConfig[] {
  return trusted.flatMap((config) => {
    const entry = issuers.find(({ issuer }) => issuer === config.issuer);
    if (entry === undefined) return [];
    const registrations = clients.flatMap(({ upstream }) =>
      upstream.filter(({ issuer }) => issuer === config.issuer).map(({ client_id }) => client_id),
    );
    const audiences = [...new Set([...entry.logout_audiences, ...registrations])];
    return audiences.length === 0 ? [] : [{ ...config, audiences, companions: [] }];
  });
}
