import type { JWTPayload } from 'jose';
import type { Signer } from '../signer.ts';
import type { Auth0Api, Auth0Tenant, Auth0User } from './tenant.ts';

/** What every step of the double shares. */
export interface Auth0State {
  readonly tenant: Auth0Tenant;
  readonly signer: Signer;
  /** `jti` of client assertions that were used. */
  readonly usedAssertions: Set<string>;
  /** With the trailing slash. */
  readonly issuer: () => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly uuid: () => string;
}

/** One level of the delegation chain. */
export interface Act {
  readonly sub: string;
  readonly act?: Act;
}

export interface Auth0TokenFacts {
  readonly api: Auth0Api;
  readonly client: string;
  /** Absent for client credentials: `sub` is then `{client}@clients`. */
  readonly user?: Auth0User;
  readonly scopes: readonly string[];
  readonly act?: Act;
  /** Seconds. Default: the API's. */
  readonly lifetime?: number;
}

/** Life of an API's tokens in seconds. */
export function lifetimeOf(api: Auth0Api): number {
  return api.lifetime ?? 86_400;
}

/** Signs an access token in the API's dialect: `azp` and no `jti`, or RFC 9068. */
export function signAccessToken(state: Auth0State, facts: Auth0TokenFacts): Promise<string> {
  const dialect = facts.api.dialect ?? 'access_token';
  const rfc9068 = dialect.startsWith('rfc9068');
  const issuedAt = Math.floor(state.now() / 1000);
  const claims: JWTPayload = {
    iss: state.issuer(),
    sub: facts.user?.id ?? `${facts.client}@clients`,
    aud: audienceOf(state, facts),
    iat: issuedAt,
    exp: issuedAt + (facts.lifetime ?? lifetimeOf(facts.api)),
    scope: facts.scopes.join(' '),
    ...(rfc9068 ? { client_id: facts.client, jti: state.uuid() } : { azp: facts.client }),
    ...(facts.user === undefined && !rfc9068 ? { gty: 'client-credentials' } : {}),
    ...(dialect.endsWith('_authz') ? { permissions: permissionsOf(facts) } : {}),
    ...(facts.act === undefined ? {} : { act: facts.act }),
  };
  return state.signer.sign(claims, { typ: rfc9068 ? 'at+jwt' : 'JWT' });
}

/** A login that also asked for `openid` gets a token that opens `/userinfo` too. */
function audienceOf(state: Auth0State, { api, scopes }: Auth0TokenFacts): string | string[] {
  return scopes.includes('openid') ? [api.identifier, `${state.issuer()}userinfo`] : api.identifier;
}

function permissionsOf({ user, api, scopes }: Auth0TokenFacts): readonly string[] {
  return user === undefined ? scopes : (user.permissions[api.identifier] ?? []);
}
