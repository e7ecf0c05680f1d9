import type { EntraApp, EntraTenant, EntraUser } from './directory.ts';
import type { EntraLogin } from './login.ts';
import { type EntraState, lifeFromNow } from './state.ts';
import { issuerOf, pairwiseSubject } from './token-claims.ts';

/** Who signed in at which application. */
export interface IdTokenFacts {
  readonly tenant: EntraTenant;
  readonly app: EntraApp;
  readonly user: EntraUser;
  readonly nonce?: string | undefined;
  /** How the user signed in; absent where nobody did just now. */
  readonly login?: EntraLogin;
}

/** An ID token of v2.0. */
export function signIdToken(
  state: EntraState,
  { tenant, app, user, nonce, login }: IdTokenFacts,
): Promise<string> {
  const { issuedAt, expiresAt } = lifeFromNow(state);
  const claims = {
    aud: app.appId,
    iss: issuerOf(state.origins, tenant.id, 2),
    iat: issuedAt,
    nbf: issuedAt,
    exp: expiresAt,
    name: user.name,
    oid: user.oid,
    preferred_username: user.upn,
    sub: pairwiseSubject(user.oid, app.appId),
    tid: tenant.id,
    uti: state.uuid(),
    ver: '2.0',
    ...(nonce === undefined ? {} : { nonce }),
    ...(login === undefined ? {} : { auth_time: login.authTime }),
    ...(login === undefined || login.acrs.length === 0 ? {} : { acrs: login.acrs }),
  };
  return state.signer.sign(claims, { typ: 'JWT' });
}
