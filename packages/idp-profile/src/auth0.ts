import { text } from './claims.ts';
import { generic } from './generic.ts';
import type { IdpProfile } from './profile.ts';

/** Auth0 with either token dialect: `azp` or `client_id`, RBAC `permissions`, machine tokens marked by `gty`. */
export const auth0: IdpProfile = {
  ...generic,
  name: 'auth0',
  token: {
    ...generic.token,
    typ: ['at+jwt', 'jwt'],
    clientClaims: ['client_id', 'azp'],
    roleClaims: [['roles'], ['permissions']],
    maxLifetime: 86_400,
    isMachine: (claims) =>
      claims.gty === 'client-credentials' || text(claims, 'sub')?.endsWith('@clients') === true,
    refuse: (claims) =>
      Object.hasOwn(claims, 'nonce') || Object.hasOwn(claims, 'at_hash') ? 'id_token' : undefined,
  },
  exchange: { ...generic.exchange, machineTargetParameter: 'audience' },
};
