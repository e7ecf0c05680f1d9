import type { ObtainedToken } from '@mcp-obo/exchange';
import { subjectKey } from '@mcp-obo/grant';
import type { IdpProfile } from '@mcp-obo/idp-profile';
import type { ObtainedTokens } from '@mcp-obo/revocation';
import { decodeJwt } from 'jose';

/**
 * Notes each token that the engine obtained under what it was obtained with, so that it ends with it. An opaque
 * token has no name that its resource server would know it by.
 *
 * @param profileOf the profile of the issuer that was asked
 */
export function noteObtained(
  obtained: ObtainedTokens,
  profileOf: (issuer: string) => IdpProfile | undefined,
): (token: ObtainedToken) => void {
  return ({ accessToken, readable, tags, issuer }) => {
    const profile = readable ? profileOf(issuer) : undefined;
    if (profile === undefined) return;
    // The engine has validated it.
    const claims: Readonly<Record<string, unknown>> = decodeJwt(accessToken);
    const id = profile.token.tokenIdClaims.map((name) => claims[name]).find((value) => value !== undefined);
    const { iss, exp } = claims;
    if (typeof iss !== 'string' || typeof id !== 'string' || typeof exp !== 'number') return;
    // The user is the token's own.
    const origins = tags.filter((tag) => !tag.startsWith('user:'));
    obtained.note(origins, { key: subjectKey('token', iss, id), until: exp * 1000 });
  };
}
