import { text } from './claims.ts';
import { generic } from './generic.ts';
import type { Claims, IdpProfile } from './profile.ts';

/** Microsoft Entra ID, v1.0 and v2.0 tokens. `sub` is pairwise per application, so the user is `tid` + `oid`. */
export const entra: IdpProfile = {
  ...generic,
  name: 'entra',
  token: {
    ...generic.token,
    typ: ['jwt', 'at+jwt'],
    clientClaims: ['azp', 'appid'],
    tokenIdClaims: ['uti', 'jti'],
    scopeClaims: ['scp'],
    machineScopeClaims: ['roles'],
    acrClaim: 'acrs',
    maxLifetime: 28 * 3600,
    userKey,
    idTokenUserKey: userKey,
    isMachine: (claims) => claims.idtyp === 'app',
    groupsOverage: (claims) => Object.hasOwn(claims, '_claim_names') || claims.hasgroups === true,
    refuse,
  },
  scopes: { prefixed: true },
  exchange: {
    grant: 'entra-obo',
    targetParameter: 'scope',
    answerAudienceDiffers: true,
    returnsAllScopes: true,
    reusesAssertion: true,
    assertionAudience: 'token_endpoint',
    machineTargetParameter: 'scope',
  },
  // It has no revocation endpoint.
  revocation: { accessTokens: false },
};

function userKey(claims: Claims): string | undefined {
  const tid = text(claims, 'tid');
  const oid = text(claims, 'oid');
  return tid === undefined || oid === undefined ? undefined : `${tid}.${oid}`;
}

/** The tenant of `iss` and `tid` must agree, and a token without `scp` must be an app token with `roles`. */
function refuse(claims: Claims): string | undefined {
  const tid = text(claims, 'tid');
  const iss = text(claims, 'iss');
  if (tid === undefined || iss === undefined || !iss.split('/').includes(tid)) return 'tid';
  if (text(claims, 'scp') !== undefined) return undefined;
  return Array.isArray(claims.roles) && claims.idtyp !== undefined ? undefined : 'no_scp';
}
