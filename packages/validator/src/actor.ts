import type { Actor } from '@mcp-obo/grant';
import type { Claims } from '@mcp-obo/idp-profile';
import { claim, optionalText, requiredText } from './claims.ts';
import { refusal } from './refusal.ts';

/** Longest chain of actors that is read. */
const maxDepth = 5;

/**
 * Reads `act` (RFC 8693 §4.1): an object that names the party acting, perhaps with the one before it inside.
 *
 * @throws OAuthError `invalid_token`, reason `act`, for anything else and for chains of more than five.
 */
export function parseActor(claims: Claims, depth = 1): Actor | undefined {
  const value = claim(claims, 'act');
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal('act', 'type');
  if (depth > maxDepth) throw refusal('act', 'depth');
  const members = value as Claims;
  const iss = optionalText(members, 'iss');
  const act = parseActor(members, depth + 1);
  return {
    sub: requiredText(members, ['sub'], 'act'),
    ...(iss === undefined ? {} : { iss }),
    ...(act === undefined ? {} : { act }),
  };
}
