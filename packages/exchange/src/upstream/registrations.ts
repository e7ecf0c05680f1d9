import type { IdpProfile } from '@mcp-obo/idp-profile';
import { discoverAuthorizationServer } from '@mcp-obo/metadata';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { ErrorRow, UpstreamError } from '../errors/error-row.ts';
import { errorRows } from '../errors/error-rows.ts';
import { systemScheduler } from '../scheduler.ts';
import type { Fetch } from './answer-fetch.ts';
import { assertionHeader } from './client-assertion.ts';
import type { GrantRequest } from './grant-request.ts';
import { createGuard, type GuardOptions } from './guard.ts';
import { assertSecureEndpoint } from './secure-endpoint.ts';
import { createTokenEndpoint, type TokenEndpoint } from './token-endpoint.ts';
import type { UpstreamAnswer, UpstreamCredential } from './upstream.ts';

/** An authorization server that clients of ours are registered at. */
export interface RegistrationsOptions {
  /** Exact `iss`. */
  readonly issuer: string;
  readonly profile: IdpProfile;
  /** Found by discovery when absent (RFC 8414, OpenID Connect Discovery). */
  readonly tokenEndpoint?: string;
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
  /** How far the server is pressed. Default: 2 retries, 64 requests at once, 256 waiting, 5 s of rest. */
  readonly guard?: Partial<GuardOptions>;
  /** What its errors mean. Default: by its profile. */
  readonly errorRows?: readonly ErrorRow[];
}

/** The registrations at one authorization server. */
export interface Registrations {
  /** Names that of a caller; undefined when it has none. */
  readonly registration: (client: string) => { readonly clientId: string; readonly id: string } | undefined;
  /** Asks with the caller's own registration; `deadline` in milliseconds since the epoch, ten seconds from now when absent. */
  readonly ask: (
    client: string,
    operation: UpstreamError['operation'],
    grant: GrantRequest,
    deadline?: number,
  ) => Promise<UpstreamAnswer>;
}

/** @throws TypeError at start for a token endpoint that is neither https nor on loopback, or a key that cannot sign. */
export function createRegistrations(options: RegistrationsOptions): Registrations {
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
        errorRows: options.errorRows ?? errorRows[profile.name],
      });
    endpoints.set(client, endpoint);
    return endpoint;
  }

  return {
    registration(client) {
      const credential = credentials.get(client);
      if (credential === undefined) return undefined;
      const { clientId, kind } = credential;
      return { clientId, id: JSON.stringify([kind, clientId]) };
    },
    async ask(client, operation, grant, deadline = options.now() + 10_000) {
      return guard(client, deadline, async () => (await endpointOf(client))(operation, grant));
    },
  };
}

async function discoverEndpoint({ issuer, fetch }: RegistrationsOptions): Promise<string> {
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
