import type { Signer } from '../signer.ts';
import type { OktaAuthorizationServer, OktaOrganization, OktaUser } from './organization.ts';

/** What every step of the double shares. */
export interface OktaState {
  readonly organization: OktaOrganization;
  /** The signing key of an authorization server: each has its own. */
  readonly signerOf: (serverId: string) => Signer;
  /** `jti` of access tokens that were revoked. */
  readonly revoked: Set<string>;
  /** `jti` of client assertions that were used. */
  readonly usedAssertions: Set<string>;
  /** Issuer of an authorization server. */
  readonly issuerOf: (serverId: string) => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly uuid: () => string;
}

export interface OktaTokenFacts {
  readonly server: OktaAuthorizationServer;
  readonly client: string;
  /** Absent for client credentials: `sub` is then the client, and there is no `uid`. */
  readonly user?: OktaUser;
  readonly scopes: readonly string[];
  /** Seconds. */
  readonly lifetime: number;
  /** Seconds since the epoch. */
  readonly authTime?: number;
}

/** Signs an access token. The header has no `typ`; scopes are a list in `scp`. */
export function signAccessToken(state: OktaState, facts: OktaTokenFacts): Promise<string> {
  const issuedAt = Math.floor(state.now() / 1000);
  return state.signerOf(facts.server.id).sign({
    ver: 1,
    jti: `AT.${state.uuid()}`,
    iss: state.issuerOf(facts.server.id),
    aud: facts.server.audience,
    iat: issuedAt,
    exp: issuedAt + facts.lifetime,
    cid: facts.client,
    ...(facts.user === undefined ? {} : { uid: facts.user.id }),
    scp: [...facts.scopes],
    ...(facts.user === undefined ? {} : { auth_time: facts.authTime ?? issuedAt }),
    sub: facts.user?.login ?? facts.client,
    ...(facts.user?.groups === undefined ? {} : { groups: facts.user.groups }),
  });
}
