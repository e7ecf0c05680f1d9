import { OAuthError } from '@mcp-obo/oauth-error';
import type { RevocationView } from './view.ts';

/** Longest time that a process which may have missed revocations still serves what only reads, milliseconds. */
export const longestBlindness = 300_000;

/**
 * Refuses what must not be done while revocations may be missing: what changes something at once, what only
 * reads after five minutes.
 *
 * @throws OAuthError `temporarily_unavailable` (503) with `Retry-After`, reason `revocations_unknown`.
 */
export function refuseOutdated(view: RevocationView, { readOnly }: { readonly readOnly: boolean }): void {
  if (view.isFresh()) return;
  if (readOnly && view.age() <= longestBlindness) return;
  throw new OAuthError('temporarily_unavailable', 'The access token cannot be checked at the moment.', {
    reason: 'revocations_unknown',
    retryAfter: 5,
  });
}
