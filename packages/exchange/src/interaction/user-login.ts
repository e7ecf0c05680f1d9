import type { Login } from '@mcp-obo/grant';
import type { IdpProfile } from '@mcp-obo/idp-profile';
import { type AuthorizationServerMetadata, discoverAuthorizationServer } from '@mcp-obo/metadata';
import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type ClientAuth,
  Configuration,
  customFetch,
  enableNonRepudiationChecks,
  ResponseBodyError,
  type ServerMetadata,
} from 'openid-client';
import type { Fetch } from '../upstream/answer-fetch.ts';
import { clientAuthentication } from '../upstream/client-authentication.ts';
import type { UpstreamCredential } from '../upstream/upstream.ts';
import type { InteractionFinish } from './contract.ts';
import { readLogin } from './login-facts.ts';

export interface UserLoginOptions {
  readonly issuer: string;
  readonly profile: IdpProfile;
  /** The registration of each caller; nobody else's is ever used. */
  readonly credentials: Readonly<Record<string, UpstreamCredential>>;
  /** A guarded fetch, see `createGuardedFetch` of `@mcp-obo/metadata`. */
  readonly fetch: Fetch;
  /** Milliseconds for one request. Default 5,000. */
  readonly timeoutMs?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A fresh unguessable string. */
  readonly random: () => string;
}

/** Logins of users at one issuer with the registrations of the callers there. */
export interface UserLogin {
  readonly authorizationUrl: (
    client: string,
    parameters: Readonly<Record<string, string>>,
  ) => Promise<string>;
  /** The user's key by the issuer's profile and the login, from a verified ID token (OpenID Connect Core §3.1.3.7). */
  readonly redeem: (
    client: string,
    answer: Omit<InteractionFinish, 'user' | 'signal'>,
  ) => Promise<{ readonly key: string; readonly login: Login }>;
}

/** The authorization code flow of OpenID Connect at one issuer, by `openid-client`. */
export function createUserLogin(options: UserLoginOptions): UserLogin {
  const { issuer, profile, credentials, fetch, timeoutMs = 5000 } = options;
  const configurations = new Map<string, Promise<Configuration>>();

  function configurationOf(client: string): Promise<Configuration> {
    const known = configurations.get(client) ?? configure(client);
    configurations.set(client, known);
    known.catch(() => configurations.delete(client));
    return known;
  }

  async function configure(client: string): Promise<Configuration> {
    const credential = Object.hasOwn(credentials, client) ? credentials[client] : undefined;
    if (credential === undefined) throw noRegistration();
    const metadata = await discoverAuthorizationServer(issuer, { fetch });
    if (metadata.authorization_endpoint === undefined || metadata.token_endpoint === undefined)
      throw new OAuthError('bad_gateway', 'The identity provider names no authorization endpoint.', {
        reason: 'upstream_no_authorization_endpoint',
      });
    const configuration = new Configuration(
      serverOf(metadata),
      credential.clientId,
      {},
      authenticationFor(credential, metadata.token_endpoint),
    );
    configuration[customFetch] = (url, init) => fetch(url, init as RequestInit);
    configuration.timeout = timeoutMs / 1000;
    if (issuer.startsWith('http:')) allowInsecureRequests(configuration);
    enableNonRepudiationChecks(configuration);
    return configuration;
  }

  function authenticationFor(credential: UpstreamCredential, tokenEndpoint: string): ClientAuth {
    const { reusesAssertion, assertionAudience } = profile.exchange;
    return clientAuthentication(credential, {
      audience: assertionAudience === 'issuer' ? issuer : tokenEndpoint,
      reuse: reusesAssertion,
      now: options.now,
      random: options.random,
    });
  }

  return {
    async authorizationUrl(client, parameters) {
      return buildAuthorizationUrl(await configurationOf(client), { ...parameters }).href;
    },
    async redeem(client, { redirectUri, response, state, nonce, codeVerifier }) {
      const configuration = await configurationOf(client);
      const returned = new URL(redirectUri);
      returned.search = response;
      const claims = await authorizationCodeGrant(configuration, returned, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      }).then((tokens) => tokens.claims(), refuseAnswer);
      const key = profile.token.idTokenUserKey({ ...claims });
      if (key === undefined) throw unproved('id_token_user', undefined);
      return { key, login: readLogin(profile, { ...claims }) };
    },
  };
}

/** What the flow needs of the metadata. Without a key set no ID token is believed. */
function serverOf(metadata: AuthorizationServerMetadata): ServerMetadata {
  const { authorization_endpoint, token_endpoint, jwks_uri } = metadata;
  return {
    issuer: metadata.issuer,
    authorization_endpoint,
    token_endpoint,
    jwks_uri,
    authorization_response_iss_parameter_supported: metadata.authorization_response_iss_parameter_supported,
  };
}

/** The user or the identity provider said no, or the answer proves nothing. */
function refuseAnswer(cause: unknown): never {
  if (cause instanceof AuthorizationResponseError)
    throw new OAuthError('access_denied', 'The authorization server did not allow it.', {
      reason: 'interaction_refused',
      cause: new Error(`the authorization endpoint answered ${cause.error}`),
    });
  const own = causesOf(cause).find(isOAuthError);
  if (own !== undefined) throw own;
  if (cause instanceof ResponseBodyError && cause.error !== 'invalid_grant')
    throw new OAuthError('server_error', 'The authorization server did not redeem the code.', {
      reason: 'interaction_redemption',
      cause: new Error(`the token endpoint answered ${cause.status} ${cause.error}`),
    });
  // What was wrong, without the answer itself: that holds the code or an ID token.
  throw unproved('interaction_answer', new Error(cause instanceof Error ? cause.message : 'no error'));
}

function causesOf(error: unknown): readonly unknown[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [error];
}

function unproved(reason: string, cause: unknown): OAuthError {
  return new OAuthError('invalid_grant', 'The answer of the authorization server does not prove a login.', {
    reason,
    cause,
  });
}

function noRegistration(): OAuthError {
  return new OAuthError('unauthorized_client', 'This client has no registration at the identity provider.', {
    reason: 'no_registration',
  });
}
