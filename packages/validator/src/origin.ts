import type { TokenOrigin } from '@mcp-obo/grant';
import type { Claims } from '@mcp-obo/idp-profile';
import { claim, optionalText, requiredText, requiredTime } from './claims.ts';
import type { TrustedIssuer } from './issuer-config.ts';
import { refusal } from './refusal.ts';

/**
 * Reads the first token of the chain from a user's token, where the profile has a claim for it: without it nobody
 * could tell how old the login is or which session ends it. It must be of an issuer that is vouched for.
 *
 * @throws OAuthError `invalid_token`, reason `origin`
 */
export function parseOrigin(claims: Claims, { profile, vouchesFor }: TrustedIssuer): TokenOrigin | undefined {
  const { originClaim } = profile.token;
  if (originClaim === undefined) return undefined;
  const value = claim(claims, originClaim);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal('origin', 'type');
  const members = value as Claims;
  const issuer = requiredText(members, ['iss'], 'origin');
  if (!vouchesFor.has(issuer)) throw refusal('origin', 'issuer');
  const session = optionalText(members, 'sid');
  return {
    issuer,
    client: requiredText(members, ['client_id'], 'origin'),
    tokenId: requiredText(members, ['jti'], 'origin'),
    issuedAt: requiredTime(members, 'iat'),
    ...(session === undefined ? {} : { session }),
  };
}
