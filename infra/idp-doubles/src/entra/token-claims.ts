import { createHmac } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { EntraApp, EntraTenant, EntraUser } from './directory.ts';

/** Above this many, the list of groups gives way to a claim source. */
const groupLimit = 200;
/** The same in the implicit flow. */
const implicitGroupLimit = 5;

/** Everything an access token says, before it is written in one of the two formats. */
export interface TokenFacts {
  readonly tenant: EntraTenant;
  /** The user; absent for app-only tokens. */
  readonly user?: EntraUser;
  /** The application that asked. */
  readonly client: { readonly app: EntraApp; readonly acr: '0' | '1' | '2' };
  /** The API that the token is for. */
  readonly resource: EntraApp;
  /** What the client called the API by; `aud` of v1.0 tokens. */
  readonly identifier: string;
  readonly scopes: readonly string[];
  /** App roles: of the user, or of the application when there is no user. */
  readonly roles: readonly string[];
  /** True when the client can handle claims challenges (`xms_cc: cp1` in the `claims` parameter). */
  readonly capable: boolean;
  /** True when multifactor authentication took place. */
  readonly mfa: boolean;
  readonly implicit: boolean;
  readonly uti: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Where issuers live: `iss` is `{v1}/{tid}/` or `{v2}/{tid}/v2.0`. */
export interface IssuerOrigins {
  readonly v1: string;
  readonly v2: string;
}

/** `iss` of a tenant in one of the two token formats. */
export function issuerOf(origins: IssuerOrigins, tenantId: string, version: 1 | 2): string {
  return version === 1 ? `${origins.v1}/${tenantId}/` : `${origins.v2}/${tenantId}/v2.0`;
}

/** The subject of a user (or service principal) as one application sees it: pairwise per application. */
export function pairwiseSubject(objectId: string, appId: string): string {
  return createHmac('sha256', appId).update(objectId).digest('base64url');
}

/** Claims of an access token in the format that the resource accepts. */
export function accessTokenClaims(facts: TokenFacts, version: 1 | 2, origins: IssuerOrigins): JWTPayload {
  return {
    aud: version === 1 ? facts.identifier : facts.resource.appId,
    iss: issuerOf(origins, facts.tenant.id, version),
    iat: facts.issuedAt,
    nbf: facts.issuedAt,
    exp: facts.expiresAt,
    tid: facts.tenant.id,
    uti: facts.uti,
    ver: version === 1 ? '1.0' : '2.0',
    ...clientClaims(facts, version),
    ...(facts.user === undefined ? appClaims(facts) : userClaims(facts.user, facts, version)),
    ...(facts.roles.length > 0 ? { roles: facts.roles } : {}),
    ...(facts.user === undefined && has(facts, 'idtyp') ? { idtyp: 'app' } : {}),
    ...(facts.capable && has(facts, 'xms_cc') ? { xms_cc: ['cp1'] } : {}),
  };
}

function clientClaims({ client }: TokenFacts, version: 1 | 2): JWTPayload {
  return version === 1
    ? { appid: client.app.appId, appidacr: client.acr }
    : { azp: client.app.appId, azpacr: client.acr };
}

function appClaims({ client }: TokenFacts): JWTPayload {
  return { oid: client.app.servicePrincipalId, sub: client.app.servicePrincipalId };
}

function userClaims(user: EntraUser, facts: TokenFacts, version: 1 | 2): JWTPayload {
  return {
    oid: user.oid,
    sub: pairwiseSubject(user.oid, facts.resource.appId),
    name: user.name,
    scp: facts.scopes.join(' '),
    ...(version === 1
      ? { unique_name: user.upn, upn: user.upn, acr: '1', amr: facts.mfa ? ['pwd', 'mfa'] : ['pwd'] }
      : { preferred_username: user.upn }),
    ...(has(facts, 'groups') ? groupClaims(user, facts.implicit) : {}),
  };
}

function groupClaims(user: EntraUser, implicit: boolean): JWTPayload {
  const groups = user.groups ?? [];
  if (implicit && groups.length > implicitGroupLimit) return { hasgroups: true };
  if (groups.length <= groupLimit) return groups.length > 0 ? { groups } : {};
  const endpoint = `https://graph.microsoft.com/v1.0/users/${user.oid}/getMemberObjects`;
  return { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint } } };
}

function has(facts: TokenFacts, claim: 'groups' | 'idtyp' | 'xms_cc'): boolean {
  return facts.resource.optionalClaims?.includes(claim) === true;
}
