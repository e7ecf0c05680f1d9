import type { Claims, IdpProfile } from '@mcp-obo/idp-profile';
import { OAuthError } from '@mcp-obo/oauth-error';
import { isScopeToken, sortScopes } from './scope.ts';

/** Scopes of OpenID Connect Core §5.4 and §11. They belong to the issuer and never carry an API's prefix. */
const openIdScopes: ReadonlySet<string> = new Set([
  'openid',
  'profile',
  'email',
  'address',
  'phone',
  'offline_access',
]);

/**
 * The scopes of a validated token by the platform's names (RFC 9068 §2.2.3): the first claim of the
 * issuer's profile that is present, a string of names parted by spaces or a list of names. A configured
 * prefix (`api://app/`, `https://host/`) is taken off once; one that is not configured stays, so a scope of
 * another API never becomes one of ours.
 *
 * @returns sorted, unique.
 * @throws OAuthError `invalid_token`, reason `scope_malformed`, when the claim is neither or holds
 * something that is no scope (RFC 6749 §3.3).
 */
export function parseScopes(claims: Claims, profile: IdpProfile, prefixes: readonly string[]): string[] {
  const name = scopeClaims(claims, profile).find((claim) => Object.hasOwn(claims, claim));
  if (name === undefined) return [];
  const longestFirst = prefixes.map(closed).sort((a, b) => b.length - a.length);
  return sortScopes(names(claims[name]).map((scope) => withoutPrefix(scope, longestFirst)));
}

/**
 * Scopes as the issuer wants to be asked for them, in one string (RFC 6749 §3.3). Where the issuer's
 * profile says that scopes are prefixed, each gets `prefix` but those of OpenID Connect.
 *
 * @throws RangeError when the profile needs a prefix and none is configured.
 */
export function emitScopes(scopes: readonly string[], profile: IdpProfile, prefix?: string): string {
  if (!profile.scopes.prefixed) return scopes.join(' ');
  if (prefix === undefined || prefix === '') {
    throw new RangeError(`Issuers of profile "${profile.name}" need a scope prefix such as api://my-app/.`);
  }
  const front = closed(prefix);
  return scopes.map((scope) => (openIdScopes.has(scope) ? scope : `${front}${scope}`)).join(' ');
}

/** A machine's token can hold its scopes elsewhere; where it does not, the usual claims are read. */
function scopeClaims(claims: Claims, { token }: IdpProfile): readonly string[] {
  const { machineScopeClaims, scopeClaims: usual } = token;
  return machineScopeClaims !== undefined && token.isMachine(claims)
    ? [...usual, ...machineScopeClaims]
    : usual;
}

function names(value: unknown): readonly string[] {
  const list: unknown = typeof value === 'string' ? value.split(' ').filter((name) => name !== '') : value;
  if (Array.isArray(list) && list.every(isScopeToken)) return list;
  throw new OAuthError('invalid_token', 'The access token is not valid.', { reason: 'scope_malformed' });
}

function withoutPrefix(scope: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((front) => scope.startsWith(front) && scope.length > front.length);
  return prefix === undefined ? scope : scope.slice(prefix.length);
}

/** `api://app` and `api://app/` are the same prefix, and neither is the start of `api://app-evil/`. */
function closed(prefix: string): string {
  return prefix.endsWith('/') ? prefix : `${prefix}/`;
}
