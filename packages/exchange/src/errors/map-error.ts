import { OAuthError } from '@mcp-obo/oauth-error';
import { type ErrorRow, matchRow, type UpstreamError } from './error-row.ts';
import { type Outcome, outcomes } from './outcome.ts';

/**
 * What the platform says when an authorization server said this (tb:error-map). `suberror` and `claims` are
 * kept, for the client can act on them; `claims` stays the JSON text that was sent. A refused subject
 * carries `suberror: subject_refused`, so that a client of the broker can tell it from a bad request
 * (RFC 8693 §2.2.2 has one code for both).
 */
export function mapUpstreamError(
  rows: readonly ErrorRow[],
  error: UpstreamError,
  context: { readonly retryAfter?: number; readonly cause: unknown },
): OAuthError {
  const name = matchRow(rows, error) ?? 'unusable';
  const outcome: Outcome = outcomes[name];
  const suberror =
    name === 'subject' ? 'subject_refused' : keepsDetail.has(name) ? error.suberror : undefined;
  const claims = keepsDetail.has(name) ? error.claims : undefined;
  return new OAuthError(outcome.code, outcome.message, {
    reason: outcome.reason,
    cause: context.cause,
    retryAfter: outcome.retryAfter === undefined ? undefined : (context.retryAfter ?? outcome.retryAfter),
    params: { ...(suberror === undefined ? {} : { suberror }), ...(claims === undefined ? {} : { claims }) },
  });
}

const keepsDetail: ReadonlySet<string> = new Set(['consent', 'interaction', 'claims']);
