/** A refusal of an Okta endpoint. Sources are in `sources.md`. */
export class OktaRefusal extends Error {
  override readonly name = 'OktaRefusal';
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    body: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(String(body.error ?? body.errorCode));
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

const oauthErrors = {
  invalid_client: [401, 'The client credentials are not valid.'],
  invalid_request: [400, 'The request structure is not valid.'],
  unauthorized_client: [400, 'The client is not authorized for this grant type.'],
  unsupported_grant_type: [400, 'The grant type is not supported.'],
  invalid_grant: [400, 'The subject token is not valid, expired or revoked.'],
  invalid_scope: [400, 'One or more scopes are not configured for the authorization server.'],
  invalid_target: [400, 'The audience is not the one of the authorization server.'],
  access_denied: [400, 'Policy evaluation failed for this request.'],
} as const;

export type OktaOAuthError = keyof typeof oauthErrors;

/** A refusal in the form of RFC 6749 §5.2. */
export function oauthRefusal(error: OktaOAuthError): OktaRefusal {
  const [status, description] = oauthErrors[error];
  return new OktaRefusal(status, { error, error_description: description });
}

const apiErrors = {
  E0000007: [404, 'Not found: Resource not found'],
  E0000009: [500, 'Internal Server Error'],
  E0000047: [429, 'API call exceeded rate limit due to too many requests.'],
} as const;

export type OktaApiError = keyof typeof apiErrors;

/** A refusal in the form that Okta's API uses for what is not about OAuth: unknown servers, limits, faults. */
export function apiRefusal(
  code: OktaApiError,
  errorId: string,
  headers?: Record<string, string>,
): OktaRefusal {
  const [status, errorSummary] = apiErrors[code];
  return new OktaRefusal(
    status,
    { errorCode: code, errorSummary, errorLink: code, errorId, errorCauses: [] },
    headers,
  );
}
