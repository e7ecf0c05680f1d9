import type { IdpProfile } from '@mcp-obo/idp-profile';
import { discoverAuthorizationServer } from '@mcp-obo/metadata';
import { OAuthError } from '@mcp-obo/oauth-error';
import { errorRows } from '../errors/error-rows.ts';
import { systemScheduler } from '../scheduler.ts';
import type { Fetch } from './answer-fetch.ts';
import { assertionHeader } from './client-assertion.ts';
import { clientCredentialsRequest } from './client-credentials.ts';
import { entraOboRequest } from './entra-obo.ts';
import type { GrantRequest } from './grant-request.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import { rfc8693Request } from './rfc8693.ts';
import { assertSecureEndpoint } from './secure-endpoint.ts';
import { createTokenEndpoint, type TokenEndpoint } from './token-endpoint.ts';
import type { Upstream, UpstreamCredential, UpstreamExchange } from './upstream.ts';

export interface UpstreamOptions {
  /** Exact `iss`. */
  readonly issuer: string;
  readonly tenant: string;
  readonly profile: IdpProfile;
  /** Found by discovery when absent (RFC 8414, OpenID Connect Discovery). */
  readonly tokenEndpoint?: string;
  /** Found by discovery when absent. */
  readonly jwksUri?: string;
  /** Further `iss` values of its tokens (Entra: `https://sts.windows.net/{tid}/` for v1.0 tokens). */
  readonly answerIssuers?: readonly string[];
  /** The registration of each caller; nobody else's is ever used. */
  readonly credentials: Readonly<Record<string, UpstreamCredential>>;
  /** A guarded fetch, see `createGuardedFetch` of `@mcp-obo/metadata`. */
  readonly fetch: Fetch;
  /** Milliseconds for one attempt. Default 5,000. */
  readonly timeoutMs?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A fresh unguessable string. */
  readonly random: () => string;
  /** How far the provider is pressed. Default: 2 retries, 64 requests at once, 256 waiting, 5 s of rest. */
  readonly guard?: Partial<GuardOptions>;
}

/** How each profile spells the on-behalf-of request. Further grants (`id-jag`, `mint`) are further rows. */
const exchangeRequests: Readonly<
  Record<IdpProfile['exchange']['grant'], (profile: IdpProfile, request: UpstreamExchange) => GrantRequest>
> = { rfc8693: rfc8693Request, 'entra-obo': entraOboRequest };

/**
 * An identity provider that tokens are obtained from.
 *
 * @throws TypeError at start for a token endpoint that is neither https nor on loopback, or a key that cannot sign.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { issuer, profile, timeoutMs = 5000 } = options;
  if (options.tokenEndpoint !== undefined) assertSecureEndpoint(options.tokenEndpoint);
  const guard = createGuard({
    retries: 2,
    concurrency: 64,
    queue: 256,
    openMs: 5000,
    now: options.now,
    jitter: Math.random,
    schedule: systemScheduler,
    ...options.guard,
  });
  const credentials = new Map(Object.entries(options.credentials));
  for (const credential of credentials.values()) {
    if (credential.kind === 'private_key_jwt') assertionHeader(credential);
  }
  const endpoints = new Map<string, TokenEndpoint>();
  const locate = remembered(async () => options.tokenEndpoint ?? (await discoverEndpoint(options)));

  async function endpointOf(client: string): Promise<TokenEndpoint> {
    const credential = credentials.get(client);
    if (credential === undefined) throw noRegistration();
    const url = await locate();
    const { reusesAssertion, assertionAudience } = profile.exchange;
    const endpoint =
      endpoints.get(client) ??
      createTokenEndpoint({
        ...options,
        url,
        credential,
        timeoutMs,
        assertionAudience: assertionAudience === 'issuer' ? issuer : url,
        reusesAssertion,
        errorRows: errorRows[profile.name],
      });
    endpoints.set(client, endpoint);
    return endpoint;
  }

  async function ask(
    client: string,
    operation: 'exchange' | 'client_credentials',
    grant: GrantRequest,
    deadline = options.now() + 10_000,
  ) {
    return guard(client, deadline, async () => (await endpointOf(client))(operation, grant));
  }

  return {
    issuer,
    tenant: options.tenant,
    profile,
    ...(options.jwksUri === undefined ? {} : { jwksUri: options.jwksUri }),
    answerIssuers: [...new Set([issuer, ...(options.answerIssuers ?? [])])],
    registration(client) {
      const credential = credentials.get(client);
      if (credential === undefined) return undefined;
      const { clientId, kind } = credential;
      return { clientId, id: JSON.stringify([kind, clientId]) };
    },
    async exchange(request, deadline) {
      const grant = exchangeRequests[profile.exchange.grant](profile, request);
      return ask(request.client, 'exchange', grant, deadline);
    },
    async clientCredentials(request, deadline) {
      return ask(request.client, 'client_credentials', clientCredentialsRequest(profile, request), deadline);
    },
  };
}

async function discoverEndpoint({ issuer, fetch }: UpstreamOptions): Promise<string> {
  const metadata = await discoverAuthorizationServer(issuer, { fetch });
  if (metadata.token_endpoint !== undefined) return metadata.token_endpoint;
  throw new OAuthError('bad_gateway', 'The identity provider names no token endpoint.', {
    reason: 'upstream_no_token_endpoint',
  });
}

/** Runs once however many ask; a failure is not kept. */
function remembered<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= work().catch((error: unknown) => {
      result = undefined;
      throw error;
    });
    return result;
  };
}

function noRegistration(): OAuthError {
  return new OAuthError('unauthorized_client', 'This client has no registration at the identity provider.', {
    reason: 'no_registration',
  });
}
