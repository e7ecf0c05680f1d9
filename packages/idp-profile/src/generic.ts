import { text } from './claims.ts';
import type { IdpProfile } from './profile.ts';

/** An issuer that follows RFC 9068 and RFC 8693 to the letter. */
export const generic: IdpProfile = {
  name: 'generic',
  experimental: false,
  token: {
    typ: ['at+jwt'],
    clientClaims: ['client_id'],
    tokenIdClaims: ['jti'],
    scopeClaims: ['scope'],
    roleClaims: [['roles']],
    groupClaims: [['groups']],
    acrClaim: 'acr',
    maxLifetime: 3600,
    userKey: (claims) => text(claims, 'sub'),
    idTokenUserKey: (claims) => text(claims, 'sub'),
    isMachine: (claims) => text(claims, 'sub') === text(claims, 'client_id'),
    groupsOverage: (claims) => Object.hasOwn(claims, '_claim_names'),
    refuse: () => undefined,
  },
  scopes: { prefixed: false },
  exchange: {
    grant: 'rfc8693',
    targetParameter: 'audience',
    answerAudienceDiffers: false,
    returnsAllScopes: false,
    reusesAssertion: false,
    assertionAudience: 'issuer',
    machineTargetParameter: 'resource',
  },
  // RFC 7009 §2: an issuer should be able to.
  revocation: { accessTokens: true },
};
