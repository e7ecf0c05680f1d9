import { text } from './claims.ts';
import { generic } from './generic.ts';
import type { Claims, IdpProfile } from './profile.ts';

/**
 * A broker of this platform that mints (RFC 9068). The user stays the one of the identity provider: `sub_id` (RFC
 * 9493 §3.2.4, `iss_sub`) has the issuer and the key by that issuer's profile, `sub` only stands for both at the
 * broker. `origin` names the token that the chain began with.
 */
export const broker: IdpProfile = {
  ...generic,
  name: 'broker',
  token: {
    ...generic.token,
    maxLifetime: 300,
    originClaim: 'origin',
    userKey: (claims) => memberOfSubject(claims, 'sub'),
    userIssuer: (claims) => memberOfSubject(claims, 'iss'),
    isMachine: (claims) => !Object.hasOwn(claims, 'sub_id') && generic.token.isMachine(claims),
  },
  // The list that its validators read ends them.
  revocation: { accessTokens: false },
};

function memberOfSubject(claims: Claims, name: 'iss' | 'sub'): string | undefined {
  const subject = Object.hasOwn(claims, 'sub_id') ? claims.sub_id : undefined;
  if (typeof subject !== 'object' || subject === null || Array.isArray(subject)) return undefined;
  return text(subject as Claims, 'format') === 'iss_sub' ? text(subject as Claims, name) : undefined;
}
