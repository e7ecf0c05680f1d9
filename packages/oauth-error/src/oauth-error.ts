import { type OAuthErrorCode, oauthErrorTable } from './error-table.ts';

export interface OAuthErrorOptions {
  /** The truth, for the log alone. */
  readonly cause?: unknown;
  /** A short stable word for log, metric and audit (`expired`, `unknown_kid`); never sent to the caller. */
  readonly reason?: string;
  /** Seconds for `Retry-After` (RFC 9110 §10.2.3). */
  readonly retryAfter?: number;
  /** Status when it differs from the table's, e.g. 413 for a body that is too large. */
  readonly status?: number;
  /** Further members of the answer that the specification names: `scope`, `max_age`, `acr_values`, `claims`, `suberror`. */
  readonly params?: Readonly<Record<string, string>>;
}

/**
 * A refusal, or a fault of our own, that goes on the wire. `message` becomes `error_description`: it holds
 * no token, claim or inner text. What really happened is in `cause` and `reason`.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly code: OAuthErrorCode;
  readonly status: number;
  readonly reason: string;
  readonly retryAfter: number | undefined;
  readonly params: Readonly<Record<string, string>>;

  constructor(code: OAuthErrorCode, message: string, options: OAuthErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status ?? oauthErrorTable[code].status;
    this.reason = options.reason ?? code;
    this.retryAfter = options.retryAfter;
    this.params = options.params ?? {};
  }

  /** The JSON body of RFC 6749 §5.2. `error` is `server_error` for codes that are ours alone. */
  toBody(): Record<string, string> {
    const error = this.code === 'bad_gateway' ? 'server_error' : this.code;
    return { error, error_description: this.message, ...this.params };
  }
}

export function isOAuthError(value: unknown): value is OAuthError {
  return value instanceof OAuthError;
}
