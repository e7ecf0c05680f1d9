import type { Grant } from '@mcp-obo/grant';
import type { Claims } from '@mcp-obo/idp-profile';
import { parseAccessToken, type TokenClock } from './access-token.ts';
import type { TrustedIssuer } from './issuer-config.ts';
import { refusal } from './refusal.ts';

/** `b64token` (RFC 6750 §2.1). */
const alphabet = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Whether a token may be an opaque one. What has three segments is a JWT, and goes to no issuer but its own. */
export function isOpaque(token: string): boolean {
  return alphabet.test(token) && token.split('.', 4).length !== 3;
}

/**
 * The grant of an opaque token, of what its issuer says about it (RFC 7662 §2.2). It must say as much as a JWT:
 * `aud`, `sub`, `exp`, `iat` and the client. Its id is the token's hash where it says none.
 *
 * @throws OAuthError `invalid_token`
 */
export function parseIntrospected(
  answer: Claims,
  issuer: TrustedIssuer,
  clock: TokenClock,
  tokenHash: string,
): Grant {
  const { iss = issuer.issuer, client_id, scope, active: _, token_type = 'Bearer', ...others } = answer;
  if (iss !== issuer.issuer) throw refusal('issuer', 'introspection');
  if (String(token_type).toLowerCase() !== 'bearer') throw refusal('scheme', 'introspection');
  const { clientClaims, tokenIdClaims, scopeClaims } = issuer.profile.token;
  const claims: Record<string, unknown> = { ...others, iss };
  // By the names of RFC 7662, whatever those of its JWTs are.
  give(claims, clientClaims, client_id);
  give(claims, scopeClaims, scope);
  give(claims, tokenIdClaims, tokenHash);
  return parseAccessToken(claims, issuer, clock, tokenHash);
}

/** Gives a claim under the first of its names, unless there is one under any. */
function give(claims: Record<string, unknown>, names: readonly string[], value: unknown): void {
  const [first] = names;
  if (value === undefined || first === undefined || names.some((name) => Object.hasOwn(claims, name))) return;
  claims[first] = value;
}
