import type { EntraApp, EntraTenant, EntraUser } from './directory.ts';
import { type EntraState, lifeFromNow } from './state.ts';
import { issuerOf, pairwiseSubject } from './token-claims.ts';

/** Who signed in at which application. */
export interface IdTokenFacts {
  readonly tenant: EntraTenant;
  readonly app: EntraApp;
  readonly user: EntraUser;
  readonly nonce?: string | undefined;
}

/** An ID token of v2.0. */
export function signIdToken(state: EntraState, { tenant, app, user, nonce }: IdTokenFacts): Promise<string> {
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
  };
  return state.signer.sign(claims, { typ: 'JWT' });
}
