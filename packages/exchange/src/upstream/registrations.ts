import type { IdpProfile } from '@mcp-obo/idp-profile';
import { discoverAuthorizationServer } from '@mcp-obo/metadata';
import { OAuthError } from '@mcp-obo/oauth-error';
import type { ErrorRow, UpstreamError } from '../errors/error-row.ts';
import { errorRows } from '../errors/error-rows.ts';
import { systemScheduler } from '../scheduler.ts';
import type { Fetch } from './answer-fetch.ts';
import { assertionHeader } from './client-assertion.ts';
import type { GrantRequest } from './grant-request.ts';
import { createGuard, type Guard, type GuardOptions } from './guard.ts';
import { createRevocationEndpoint, type RevocationEndpoint } from './revocation-endpoint.ts';
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
  /**
   * Ends an access token that was issued to the caller's own registration (RFC 7009), by its issuer where that is
   * another. Rejects with an `OAuthError`: `temporarily_unavailable` for a fault, else for good.
   */
  readonly revoke: (client: string, token: string, deadline: number, issuer?: string) => Promise<void>;
}

/** @throws TypeError at start for a token endpoint that is neither https nor on loopback, or a key that cannot sign. */
export function createRegistrations(options: RegistrationsOptions): Registrations {
  const { issuer, profile, timeoutMs = 5000 } = options;
  if (options.tokenEndpoint !== undefined) assertSecureEndpoint(options.tokenEndpoint);
  const guard = guardOf(options, options.guard);
  // Nobody waits for a revocation: exchanges must not wait for them either, nor be judged by them.
  const quietGuard = guardOf(options, quiet);
  const credentials = new Map(Object.entries(options.credentials));
  for (const credential of credentials.values()) {
    if (credential.kind === 'private_key_jwt') assertionHeader(credential);
  }
  const tokenEndpoints = new Map<string, TokenEndpoint>();
  const revocationEndpoints = new Map<string, RevocationEndpoint>();
  const locateToken = remembered(
    async () => options.tokenEndpoint ?? (await discover('token_endpoint', options)),
  );
  const revocationUrls = new Map<string, () => Promise<string>>();

  function clientAt(client: string, url: string, at = issuer) {
    const credential = credentialOf(client);
    const { reusesAssertion, assertionAudience } = profile.exchange;
    return {
      ...options,
      issuer: at,
      url,
      credential,
      timeoutMs,
      assertionAudience: assertionAudience === 'issuer' ? at : url,
      reusesAssertion,
    };
  }

  function credentialOf(client: string): UpstreamCredential {
    const credential = credentials.get(client);
    if (credential === undefined) throw noRegistration();
    return credential;
  }

  async function tokenEndpointOf(client: string): Promise<TokenEndpoint> {
    credentialOf(client);
    const url = await locateToken();
    const rows = options.errorRows ?? errorRows[profile.name];
    return known(tokenEndpoints, client, () =>
      createTokenEndpoint({ ...clientAt(client, url), errorRows: rows }),
    );
  }

  async function revocationEndpointOf(client: string, at: string): Promise<RevocationEndpoint> {
    credentialOf(client);
    const locate = known(revocationUrls, at, () =>
      remembered(() => discover('revocation_endpoint', { ...options, issuer: at })),
    );
    const url = await locate();
    return known(revocationEndpoints, JSON.stringify([client, at]), () =>
      createRevocationEndpoint(clientAt(client, url, at)),
    );
  }

  return {
    registration(client) {
      const credential = credentials.get(client);
      if (credential === undefined) return undefined;
      const { clientId, kind } = credential;
      return { clientId, id: JSON.stringify([kind, clientId]) };
    },
    async ask(client, operation, grant, deadline = options.now() + 10_000) {
      return guard(client, deadline, async () => (await tokenEndpointOf(client))(operation, grant));
    },
    async revoke(client, token, deadline, at = issuer) {
      return quietGuard(client, deadline, async () => (await revocationEndpointOf(client, at))(token));
    },
  };
}

/** How far a server is pressed with revocations: its faults are waited out by who asks. */
const quiet = { retries: 0, concurrency: 4, queue: 10_000 } as const satisfies Partial<GuardOptions>;

function guardOf({ now }: RegistrationsOptions, over: Partial<GuardOptions> | undefined): Guard {
  return createGuard({
    retries: 2,
    concurrency: 64,
    queue: 256,
    openMs: 5000,
    now,
    jitter: Math.random,
    schedule: systemScheduler,
    ...over,
  });
}

async function discover(
  endpoint: 'token_endpoint' | 'revocation_endpoint',
  { issuer, fetch }: RegistrationsOptions,
): Promise<string> {
  const { [endpoint]: url } = await discoverAuthorizationServer(issuer, { fetch });
  if (url !== undefined) return url;
  throw new OAuthError('bad_gateway', `The identity provider names no ${endpoint.replace('_', ' ')}.`, {
    reason: `upstream_no_${endpoint}`,
  });
}

function known<T>(made: Map<string, T>, name: string, make: () => T): T {
  const one = made.get(name) ?? make();
  made.set(name, one);
  return one;
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
