import type { Signer } from '../signer.ts';
import type { Consent, EntraTenant } from './directory.ts';
import type { AuthorizationCodes } from './login.ts';
import type { Sessions } from './sessions.ts';
import { accessTokenClaims, type IssuerOrigins, type TokenFacts } from './token-claims.ts';

/** What every step of the double shares. */
export interface EntraState {
  readonly tenants: readonly EntraTenant[];
  /** Consents of the directory and those given since, by tenant id. */
  readonly consents: ReadonlyMap<string, readonly Consent[]>;
  readonly sessions: Sessions;
  readonly codes: AuthorizationCodes;
  readonly signer: Signer;
  readonly origins: IssuerOrigins;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly uuid: () => string;
  /** Life of access tokens in seconds. */
  readonly lifetime: number;
}

/** Signs an access token in the format its resource accepts, or in the one asked for. */
export function signAccessToken(state: EntraState, facts: TokenFacts, version?: 1 | 2): Promise<string> {
  const format = version ?? facts.resource.accessTokenAcceptedVersion;
  const header = { typ: 'JWT', ...(format === 1 ? { x5t: state.signer.kid } : {}) };
  return state.signer.sign(accessTokenClaims(facts, format, state.origins), header);
}

/** `iat` and `exp` of a token issued now. */
export function lifeFromNow(
  state: EntraState,
  lifetime = state.lifetime,
): { issuedAt: number; expiresAt: number } {
  const issuedAt = Math.floor(state.now() / 1000);
  return { issuedAt, expiresAt: issuedAt + lifetime };
}

/** True when the `claims` parameter declares that the client handles claims challenges. */
export function declaresCapability(claims: string | undefined): boolean {
  return claims !== undefined && /"cp1"/i.test(claims);
}
