import type { ErrorRow } from './error-row.ts';

/** Rows that hold at every provider, after its own. The last takes whatever is left. */
export const standardRows: readonly ErrorRow[] = [
  { status: [429, 429], outcome: 'throttled', source: 'RFC 6585 §4' },
  { error: ['temporarily_unavailable', 'server_error'], outcome: 'fault', source: 'RFC 6749 §4.1.2.1' },
  { status: [500, 599], outcome: 'fault', source: 'RFC 9110 §15.6' },
  { error: ['interaction_required'], claims: true, outcome: 'claims', source: 'OIDC Core §5.5, §3.1.2.6' },
  { error: ['insufficient_claims'], claims: true, outcome: 'claims', source: 'Microsoft claims challenge' },
  { error: ['consent_required'], outcome: 'consent', source: 'OIDC Core §3.1.2.6' },
  {
    error: ['interaction_required', 'login_required', 'account_selection_required'],
    outcome: 'interaction',
    source: 'OIDC Core §3.1.2.6',
  },
  { error: ['invalid_client', 'unauthorized_client'], outcome: 'credential', source: 'RFC 6749 §5.2' },
  { error: ['unsupported_grant_type'], outcome: 'configuration', source: 'RFC 6749 §5.2' },
  {
    error: ['invalid_request', 'invalid_grant', 'invalid_token'],
    operation: 'client_credentials',
    outcome: 'configuration',
    source: 'RFC 6749 §5.2: there is no subject to blame',
  },
  {
    error: ['invalid_request', 'invalid_grant', 'invalid_token'],
    outcome: 'subject',
    source: 'RFC 8693 §2.2.2, RFC 7523 §3.1',
  },
  { error: ['invalid_target'], outcome: 'target', source: 'RFC 8693 §2.2.2' },
  { error: ['invalid_scope'], outcome: 'scope', source: 'RFC 6749 §5.2' },
  { error: ['access_denied'], outcome: 'denied', source: 'RFC 6749 §4.1.2.1' },
  { outcome: 'unusable', source: 'RFC 6749 §5.1, §5.2: neither an answer nor an error of this list' },
];
