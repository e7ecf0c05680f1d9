import type { Login } from '@mcp-obo/grant';
import type { IdpProfile } from '@mcp-obo/idp-profile';
import type { LoginDemand } from './contract.ts';

/**
 * Parameters that ask an issuer for a login now (OpenID Connect Core §3.1.2.1). Entra knows no `acr_values`: it is
 * asked for an authentication context in the ID token (Microsoft identity platform, authentication context).
 */
export function demandParameters(
  profile: IdpProfile,
  { maxAge, acrValues = [] }: LoginDemand,
): Readonly<Record<string, string>> {
  const byClaims = profile.token.acrClaim === 'acrs';
  return {
    prompt: 'login',
    ...(maxAge !== undefined && { max_age: String(maxAge) }),
    ...(acrValues.length > 0 &&
      (byClaims ? { claims: acrsRequest(acrValues) } : { acr_values: acrValues.join(' ') })),
  };
}

function acrsRequest(values: readonly string[]): string {
  return JSON.stringify({ id_token: { acrs: { essential: true, values } } });
}

/** What verified claims of an ID token say of the login; a claim of another type says nothing. */
export function readLogin(profile: IdpProfile, claims: Readonly<Record<string, unknown>>): Login {
  const { auth_time: authTime, acr, amr } = claims;
  const { acrClaim } = profile.token;
  return {
    ...(typeof authTime === 'number' && Number.isFinite(authTime) && { authTime }),
    acr: [...new Set([...words([acr]), ...words(claims[acrClaim])])],
    amr: words(amr),
  };
}

/** The words of a list; anything else is none. */
export function words(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string' && word !== '') : [];
}
