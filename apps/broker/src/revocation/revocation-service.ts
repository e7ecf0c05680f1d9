import { createAnswerValidator, fetchWithOwnKeys, type Target, type Upstream } from '@mcp-obo/exchange';
import { idpProfile } from '@mcp-obo/idp-profile';
import type { RevocationView } from '@mcp-obo/revocation';
import { createValidator, type IssuerConfig } from '@mcp-obo/validator';
import type { ClientAuthenticator } from '../client-auth/authenticate.ts';
import type { BrokerConfig } from '../config.ts';
import type { BrokerDeps } from '../deps.ts';
import type { Endpoints } from '../endpoints.ts';
import type { ResourceRegistry } from '../registry/resource-registry.ts';
import { createIntrospectionEndpoint } from './introspection-endpoint.ts';
import { createRecogniser } from './known-token.ts';
import { createRevocationEndpoints, type RevocationEndpoints } from './revocation-endpoints.ts';
import { createRevocationObserver } from './revocation-observer.ts';
import type { Revoker } from './revoker.ts';

export interface RevocationServiceParts {
  readonly endpoints: Pick<Endpoints, 'token'>;
  readonly authenticate: ClientAuthenticator;
  readonly revoke: Revoker['revoke'];
  readonly revocations: RevocationView;
  readonly upstreams: readonly Upstream[];
  readonly targets: Readonly<Record<string, Target>>;
  /** Issuers of tokens for the clients of this broker. */
  readonly subjectIssuers: readonly IssuerConfig[];
  readonly registry: ResourceRegistry;
}

/** All that ends tokens, and tells whether they have ended, for one configuration. */
export interface RevocationService {
  readonly revocation: RevocationEndpoints;
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
  return {
    introspect: createIntrospectionEndpoint({ ...parts, recognise }),
    revocation: createRevocationEndpoints({
      authenticate: parts.authenticate,
      recognise,
      revoke: parts.revoke,
      upstreams,
      registry: parts.registry,
      issuers: [...new Set(upstreams.flatMap(({ answerIssuers }) => answerIssuers))],
      observer: createRevocationObserver(deps),
    }),
    close() {
      subjects.close();
      obtained.close();
    },
  };
}

/** Longest life of a token by the settings of its issuer, milliseconds. */
export function longestLife({ issuers }: Pick<BrokerConfig, 'issuers'>): number {
  const lives = issuers.map(
    ({ profile, max_lifetime }) => max_lifetime ?? idpProfile(profile).token.maxLifetime,
  );
  return Math.max(...lives) * 1000;
}
