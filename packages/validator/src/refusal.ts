import { OAuthError } from '@mcp-obo/oauth-error';

/**
 * Why a token is refused: the word that log, metric and audit get. The caller gets the same sentence for
 * all of them (RFC 6750 §3.1), so that a refusal teaches an attacker nothing. Profiles add words of their
 * own (`tid`, `no_scp`, `payload_typ`), scopes add `scope_malformed`.
 */
export const refusalReasons = [
  'too_large',
  'scheme',
  'malformed',
  'header',
  'alg',
  'typ',
  'crit',
  'embedded_key',
  'kid',
  'issuer',
  'audience',
  'subject',
  'client',
  'token_id',
  'claim_type',
  'time_claim',
  'expired',
  'not_yet_valid',
  'issued_in_future',
  'lifetime',
  'not_access_token',
  'user',
  'user_issuer',
  'origin',
  'act',
  'cnf',
  'unknown_key',
  'unusable_key',
  'signature',
  'revoked',
  'inactive',
] as const;

export type RefusalReason = (typeof refusalReasons)[number];

/** The one wire message of every refused token. */
export const refusalMessage = 'The access token is not valid.';

/** 401 `invalid_token` (RFC 6750 §3.1) with the true reason for our own eyes. */
export function refusal(reason: RefusalReason | (string & {}), cause?: unknown): OAuthError {
  return new OAuthError('invalid_token', refusalMessage, { reason, cause });
}
