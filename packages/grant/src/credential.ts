/**
 * Everything a request shows to prove its right to be here. The validator takes this and not a bare
 * string, so that proofs of possession (RFC 9449, RFC 8705) are part of the question from the start.
 */
export interface Credential {
  /** Authentication scheme, in the RFC's spelling. */
  readonly scheme: 'Bearer' | 'DPoP';
  /** The access token as received. Never written to a log, span, metric, audit record or error. */
  readonly token: string;
  /** Value of the `DPoP` header (RFC 9449 §4.1), if the request had exactly one. */
  readonly proof?: string;
  /** DER of the TLS client certificate (RFC 8705 §3), if the request came with one. */
  readonly certificate?: Uint8Array;
  /** HTTP method of the request, upper case (`htm` of RFC 9449 §4.2). */
  readonly method: string;
  /** Canonical URL of the request without query and fragment (`htu`), built from configuration and never from `Host`. */
  readonly url: string;
}
