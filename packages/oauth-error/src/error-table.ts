/** One row: the HTTP status an error code is sent with, who must act, and where it is defined. */
export interface OAuthErrorRow {
  readonly status: number;
  /** `caller` when the request is at fault, `platform` when we or a party behind us are. */
  readonly fault: 'caller' | 'platform';
  readonly source: string;
  /** What the receiver of the error does about it. */
  readonly remedy: string;
}

/** Every OAuth error code the platform sends. `docs/errors.md` is tested against this table. */
export const oauthErrorTable = {
  invalid_request: row(
    400,
    'caller',
    'RFC 6749 §5.2, RFC 6750 §3.1',
    'Mend the request: a parameter or header is missing, repeated or malformed.',
  ),
  invalid_token: row(401, 'caller', 'RFC 6750 §3.1', 'Get a new access token for this resource.'),
  insufficient_scope: row(
    403,
    'caller',
    'RFC 6750 §3.1',
    'Log in again and ask for the scopes of the challenge.',
  ),
  insufficient_user_authentication: row(
    401,
    'caller',
    'RFC 9470 §3',
    'Log in again with the `max_age` or `acr_values` of the challenge.',
  ),
  insufficient_claims: row(
    401,
    'caller',
    'Microsoft identity platform, claims challenge',
    'Ask the issuer for a token with the `claims` of the challenge.',
  ),
  invalid_dpop_proof: row(401, 'caller', 'RFC 9449 §7.1', 'Send a fresh DPoP proof for this method and URL.'),
  use_dpop_nonce: row(
    401,
    'caller',
    'RFC 9449 §9',
    'Repeat the request with the nonce of the `DPoP-Nonce` header.',
  ),
  invalid_client: row(
    401,
    'caller',
    'RFC 6749 §5.2',
    'Check the client id and the credential of the client.',
  ),
  invalid_grant: row(
    400,
    'caller',
    'RFC 6749 §5.2, RFC 7523 §3.1',
    'Get a new assertion: this one is expired, revoked or not for this client.',
  ),
  unauthorized_client: row(400, 'caller', 'RFC 6749 §5.2', 'Register the client for this grant type.'),
  unsupported_grant_type: row(400, 'caller', 'RFC 6749 §5.2', 'Use a grant type that the metadata lists.'),
  invalid_scope: row(
    400,
    'caller',
    'RFC 6749 §5.2',
    'Ask only for scopes that the policy allows for this target.',
  ),
  invalid_target: row(
    400,
    'caller',
    'RFC 8693 §2.2.2, RFC 8707 §2',
    'Ask for a target that is registered and allowed for this client.',
  ),
  access_denied: row(403, 'caller', 'RFC 6749 §4.1.2.1', 'Ask an administrator for access.'),
  interaction_required: row(
    400,
    'caller',
    'OpenID Connect Core §3.1.2.6',
    'The user must interact with the issuer, then try again.',
  ),
  consent_required: row(
    400,
    'caller',
    'OpenID Connect Core §3.1.2.6',
    'The user must give consent, then try again.',
  ),
  server_error: row(
    500,
    'platform',
    'RFC 6749 §4.1.2.1',
    'Try later; the operator finds the cause in the log by the trace id.',
  ),
  bad_gateway: row(
    502,
    'platform',
    'RFC 9110 §15.6.3',
    'Try later; a server behind this one gave an answer that cannot be used.',
  ),
  temporarily_unavailable: row(
    503,
    'platform',
    'RFC 6749 §4.1.2.1',
    'Try again after the time in `Retry-After`.',
  ),
} as const satisfies Record<string, OAuthErrorRow>;

export type OAuthErrorCode = keyof typeof oauthErrorTable;

function row(status: number, fault: OAuthErrorRow['fault'], source: string, remedy: string): OAuthErrorRow {
  return { status, fault, source, remedy };
}
