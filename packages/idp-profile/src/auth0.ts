import { text } from './claims.ts';
import { generic } from './generic.ts';
import type { IdpProfile } from './profile.ts';

/**
 * Auth0 with the RFC 9068 token profile, which each API must be set to ("Access Token Profiles"): Auth0's
 * own default profile has no `jti`, so no token of it could be revoked by id, and the `typ` of an ID token.
 * Machine tokens have the subject `{client}@clients`; RBAC adds `permissions`.
 */
export const auth0: IdpProfile = {
  ...generic,
  name: 'auth0',
  token: {
    ...generic.token,
    roleClaims: [['roles'], ['permissions']],
    maxLifetime: 86_400,
    isMachine: (claims) =>
      text(claims, 'sub')?.endsWith('@clients') === true || text(claims, 'gty') === 'client-credentials',
    refuse: (claims) =>
      Object.hasOwn(claims, 'nonce') || Object.hasOwn(claims, 'at_hash') ? 'id_token' : undefined,
  },
  exchange: { ...generic.exchange, machineTargetParameter: 'audience' },
  // `/oauth/revoke` takes refresh tokens.
  revocation: { accessTokens: false },
};
