import { freezeGrant, type Grant, type UserKey } from '@mcp-obo/grant';
import type { Claims } from '@mcp-obo/idp-profile';
import { parseScopes } from '@mcp-obo/scopes';
import { parseActor } from './actor.ts';
import {
  claim,
  listsAt,
  optionalList,
  optionalText,
  optionalTime,
  requiredText,
  requiredTime,
} from './claims.ts';
import { parseConfirmation } from './confirmation.ts';
import type { TrustedIssuer } from './issuer-config.ts';
import { parseOrigin } from './origin.ts';
import { refusal } from './refusal.ts';

/** The clock of one validation, in seconds. */
export interface TokenClock {
  readonly now: number;
  readonly tolerance: number;
}

/**
 * Claims of ID tokens, logout tokens and security events (OpenID Connect Core §2, Back-Channel Logout §2.4,
 * RFC 8417 §2.2). What has one of them is no access token, whatever its `typ` says (RFC 9068 §4).
 */
const foreignClaims = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events'] as const;

/**
 * Judges the claims of an access token by its issuer's rules (RFC 9068 §2.2, §4) and makes the grant of
 * them. It says nothing about the signature: a grant may leave the validator only when that was verified.
 *
 * @throws OAuthError `invalid_token`
 */
export function parseAccessToken(
  claims: Claims,
  issuer: TrustedIssuer,
  clock: TokenClock,
  tokenHash: string,
): Grant {
  const { token } = issuer.profile;
  const audience = parseAudience(claims, issuer);
  const times = parseTimes(claims, issuer, clock);
  refuseForeignTokens(claims, issuer);
  const subject = requiredText(claims, ['sub'], 'subject');
  const user = parseUser(claims, issuer);
  return freezeGrant({
    issuer: issuer.issuer,
    tenant: issuer.tenant,
    profile: issuer.profile.name,
    subject,
    ...optional('user', user),
    client: requiredText(claims, token.clientClaims, 'client'),
    tokenId: requiredText(claims, token.tokenIdClaims, 'token_id'),
    ...optional('session', optionalText(claims, 'sid')),
    scopes: parseScopes(claims, issuer.profile, issuer.scopePrefixes),
    roles: listsAt(claims, token.roleClaims),
    groups: listsAt(claims, token.groupClaims),
    groupsOverage: token.groupsOverage(claims),
    ...optional('allowedTools', optionalList(claims, 'mcp_allowed_tools')),
    audience,
    ...times,
    ...optional('authTime', optionalTime(claims, 'auth_time')),
    ...optional('acr', parseAcr(claims, token.acrClaim)),
    amr: optionalList(claims, 'amr') ?? [],
    ...optional('act', parseActor(claims)),
    ...optional('origin', user === undefined ? undefined : parseOrigin(claims, issuer)),
    ...optional('cnf', parseConfirmation(claim(claims, 'cnf'))),
    tokenHash,
    claims,
  });
}

/** `aud` names this server, and nobody who is not configured beside it (RFC 9068 §4, RFC 9700 §2.3). */
export function parseAudience(claims: Claims, { audiences, companions }: TrustedIssuer): readonly string[] {
  const aud = claim(claims, 'aud');
  const list = typeof aud === 'string' ? [aud] : (optionalList(claims, 'aud') ?? []);
  if (!list.some((one) => audiences.has(one))) throw refusal('audience');
  if (!list.every((one) => audiences.has(one) || companions.has(one))) throw refusal('audience', 'companion');
  return list;
}

/** `exp`, `nbf`, `iat` (RFC 7519 §4.1.4–6) and the longest life the issuer's tokens may have. */
export function parseTimes(
  claims: Claims,
  { maxLifetime }: TrustedIssuer,
  { now, tolerance }: TokenClock,
): { issuedAt: number; expiresAt: number } {
  const expiresAt = requiredTime(claims, 'exp');
  const issuedAt = requiredTime(claims, 'iat');
  const notBefore = optionalTime(claims, 'nbf');
  if (expiresAt + tolerance <= now) throw refusal('expired');
  if (notBefore !== undefined && notBefore - tolerance > now) throw refusal('not_yet_valid');
  if (issuedAt - tolerance > now) throw refusal('issued_in_future');
  if (expiresAt - issuedAt > maxLifetime) throw refusal('lifetime');
  return { issuedAt, expiresAt };
}

function refuseForeignTokens(claims: Claims, { profile }: TrustedIssuer): void {
  if (foreignClaims.some((name) => Object.hasOwn(claims, name))) throw refusal('not_access_token');
  const reason = profile.token.refuse(claims);
  if (reason !== undefined) throw refusal(reason);
}

/** The user by the issuer's profile; undefined for a machine. A user without a key is nobody. */
function parseUser(
  claims: Claims,
  { issuer, profile: { token }, vouchesFor }: TrustedIssuer,
): UserKey | undefined {
  if (token.isMachine(claims)) return undefined;
  const key = token.userKey(claims);
  if (key === undefined) throw refusal('user');
  if (token.userIssuer === undefined) return { issuer, key };
  const home = token.userIssuer(claims);
  if (home === undefined || !vouchesFor.has(home)) throw refusal('user_issuer');
  return { issuer: home, key };
}

/** A string, or a list of which all hold at once (Entra `acrs`), written with spaces between. */
function parseAcr(claims: Claims, name: string): string | undefined {
  const value = claim(claims, name);
  return Array.isArray(value) ? optionalList(claims, name)?.join(' ') : optionalText(claims, name);
}

function optional<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [key in Name]: Value } | Record<never, never> {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: Value });
}
