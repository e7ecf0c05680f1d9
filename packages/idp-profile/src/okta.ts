import { text } from './claims.ts';
import { generic } from './generic.ts';
import type { IdpProfile } from './profile.ts';

/** Okta custom authorization servers: `cid`, `uid`, `scp` as a list, no `typ` in the header. */
export const okta: IdpProfile = {
  ...generic,
  name: 'okta',
  token: {
    ...generic.token,
    typ: ['', 'jwt', 'at+jwt', 'application/okta-internal-at+jwt'],
    clientClaims: ['cid'],
    scopeClaims: ['scp'],
    maxLifetime: 86_400,
    userKey: (claims) => text(claims, 'uid'),
    isMachine: (claims) => text(claims, 'uid') === undefined && text(claims, 'sub') === text(claims, 'cid'),
  },
  exchange: { ...generic.exchange, assertionAudience: 'token_endpoint', machineTargetParameter: 'scope' },
};
