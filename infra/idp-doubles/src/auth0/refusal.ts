/** A refusal of the token endpoint. Sources are in `sources.md`. */
export class Auth0Refusal extends Error {
  override readonly name = 'Auth0Refusal';
  readonly row: Auth0RefusalRow;

  constructor(reason: Auth0Reason) {
    super(auth0Refusals[reason].error_description);
    this.row = auth0Refusals[reason];
  }
}

export interface Auth0RefusalRow {
  readonly status: number;
  readonly error: string;
  readonly error_description: string;
}

/** Every refusal by what is wrong. */
export const auth0Refusals = {
  wrong_credentials: row(401, 'access_denied', 'Unauthorized'),
  wrong_assertion: row(401, 'invalid_client', 'The client assertion is not valid.'),
  missing_parameter: row(400, 'invalid_request', 'A required parameter is missing or not valid.'),
  unsupported_grant: row(403, 'unsupported_grant_type', 'The grant type is not supported.'),
  exchange_not_allowed: row(403, 'unauthorized_client', 'The grant type is not allowed for the client.'),
  wrong_subject: row(401, 'invalid_grant', 'The subject token is not valid.'),
  unknown_audience: row(403, 'access_denied', 'Service not enabled within domain.'),
  no_client_grant: row(403, 'access_denied', 'Client is not authorized to access the audience.'),
  no_permission: row(403, 'access_denied', 'The user does not have the requested scopes.'),
  chain_too_long: row(
    400,
    'invalid_request',
    'Delegation chain (`act` claim) depth exceeds the maximum allowed limit of 5',
  ),
  mfa_required: row(403, 'mfa_required', 'Multifactor authentication required'),
  too_many_attempts: row(429, 'too_many_attempts', 'Further attempts are blocked.'),
  too_many_requests: row(429, 'too_many_requests', 'Global limit has been reached'),
} as const satisfies Record<string, Auth0RefusalRow>;

export type Auth0Reason = keyof typeof auth0Refusals;

function row(status: number, error: string, error_description: string): Auth0RefusalRow {
  return { status, error, error_description };
}
