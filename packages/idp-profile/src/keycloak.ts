import { text } from './claims.ts';
import { generic } from './generic.ts';
import type { IdpProfile } from './profile.ts';

/** Claims of the client scope `service_account`: there also when a client's tokens have no `profile` scope. */
const serviceAccountClaims = ['clientHost', 'clientAddress'];

/** Keycloak 26: `typ` is `JWT` unless the client says otherwise, the payload's own `typ` tells ID tokens apart. */
export const keycloak: IdpProfile = {
  ...generic,
  name: 'keycloak',
  token: {
    ...generic.token,
    typ: ['at+jwt', 'jwt'],
    clientClaims: ['client_id', 'azp'],
    roleClaims: [['realm_access', 'roles'], ['roles']],
    everySession: 'ALL',
    isMachine: (claims) =>
      text(claims, 'preferred_username')?.startsWith('service-account-') === true ||
      serviceAccountClaims.some((name) => Object.hasOwn(claims, name)),
    refuse: (claims) => {
      const kind = text(claims, 'typ');
      return kind === undefined || kind === 'Bearer' || kind === 'DPoP' ? undefined : 'payload_typ';
    },
  },
  exchange: { ...generic.exchange, machineTargetParameter: 'scope' },
};
