/** One row: how an AADSTS code looks on the wire. Sources are in `sources.md`. */
export interface AadstsRow {
  readonly status: 400 | 401 | 429;
  /** `error` of the body. */
  readonly error: string;
  readonly suberror?: string;
  /** Our words for what happened; Microsoft's own text changes and must not be relied on. */
  readonly text: string;
}

/** The codes that the double answers with. */
export const aadsts = {
  50012: row(401, 'invalid_client', 'The audience of the client assertion is not this token endpoint.'),
  50013: row(400, 'invalid_grant', 'The assertion cannot be used: signature, issuer or format is wrong.'),
  50048: row(401, 'invalid_client', 'Subject and issuer of the client assertion differ.'),
  50057: row(400, 'invalid_grant', 'The user account is disabled.'),
  50076: row(400, 'interaction_required', 'The user must use multifactor authentication.', 'basic_action'),
  50079: row(
    400,
    'interaction_required',
    'The user must register for multifactor authentication.',
    'basic_action',
  ),
  50132: row(400, 'invalid_grant', 'The session is not valid: the password expired or was changed.'),
  50173: row(400, 'invalid_grant', 'The grant was revoked; a fresh sign-in is needed.'),
  50196: row(400, 'invalid_grant', 'The client asked for the same token too often in a short time.'),
  53003: row(400, 'interaction_required', 'A Conditional Access policy blocks this token.', 'message_only'),
  65001: row(
    400,
    'invalid_grant',
    'The user or an administrator has not consented to the application.',
    'consent_required',
  ),
  70000: row(400, 'invalid_grant', 'The authorization code is malformed, used or not for this application.'),
  70003: row(400, 'unsupported_grant_type', 'The grant type is not supported.'),
  70008: row(400, 'invalid_grant', 'The authorization code has expired.'),
  70011: row(400, 'invalid_scope', 'The value of scope is not valid.'),
  90002: row(400, 'invalid_request', 'The tenant was not found.'),
  90055: row(429, 'temporarily_unavailable', 'Too many requests.'),
  500011: row(400, 'invalid_resource', 'The resource was not found in the tenant.'),
  500131: row(400, 'invalid_grant', 'The audience of the assertion is not the client that presents it.'),
  500133: row(400, 'invalid_grant', 'The assertion is not within its valid time range.'),
  501481: row(400, 'invalid_grant', 'The code verifier does not match the code challenge.'),
  700016: row(400, 'unauthorized_client', 'The application was not found in the directory.'),
  700024: row(401, 'invalid_client', 'The client assertion is not within its valid time range.'),
  700027: row(401, 'invalid_client', 'The signature of the client assertion cannot be verified.'),
  700213: row(401, 'invalid_client', 'No federated credential matches the assertion.'),
  900144: row(400, 'invalid_request', 'A required parameter is missing from the body.'),
  7000114: row(400, 'unauthorized_client', 'An application may not make on-behalf-of calls for itself.'),
  7000215: row(401, 'invalid_client', 'The client secret is not valid.'),
  7000218: row(401, 'invalid_client', 'The body must contain client_assertion or client_secret.'),
  7000222: row(401, 'invalid_client', 'The client secret has expired.'),
  9002313: row(400, 'invalid_request', 'The request is malformed.'),
  9010010: row(400, 'invalid_target', 'The resource parameter does not match the requested scopes.'),
} as const satisfies Record<number, AadstsRow>;

export type AadstsCode = keyof typeof aadsts;

/** A refusal of the token endpoint. */
export class AadstsError extends Error {
  override readonly name = 'AadstsError';
  readonly code: AadstsCode;
  readonly row: AadstsRow;
  /** The claims challenge (JSON), for Conditional Access. */
  readonly claims: string | undefined;
  /** Seconds for `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(code: AadstsCode, options: { claims?: string; retryAfter?: number } = {}) {
    super(`AADSTS${code}: ${aadsts[code].text}`);
    this.code = code;
    this.row = aadsts[code];
    this.claims = options.claims;
    this.retryAfter = options.retryAfter;
  }
}

/** Ids of one request, as they appear in its error. */
export interface RequestIds {
  readonly traceId: string;
  readonly correlationId: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** The JSON body of a refusal. */
export function errorBody(error: AadstsError, ids: RequestIds): Record<string, unknown> {
  const timestamp = new Date(ids.time)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
  return {
    error: error.row.error,
    error_description: [
      error.message,
      `Trace ID: ${ids.traceId}`,
      `Correlation ID: ${ids.correlationId}`,
      `Timestamp: ${timestamp}`,
    ].join('\r\n'),
    error_codes: [error.code],
    timestamp,
    trace_id: ids.traceId,
    correlation_id: ids.correlationId,
    error_uri: `https://login.microsoftonline.com/error?code=${error.code}`,
    ...(error.row.suberror === undefined ? {} : { suberror: error.row.suberror }),
    ...(error.claims === undefined ? {} : { claims: error.claims }),
  };
}

function row(status: AadstsRow['status'], error: string, text: string, suberror?: string): AadstsRow {
  return suberror === undefined ? { status, error, text } : { status, error, text, suberror };
}
