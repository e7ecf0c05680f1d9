import type { PresentedCertificate } from '../client-auth/presented-certificate.ts';

/** A form that a client sent, free of the framework. */
export interface FormRequest {
  /** All `Authorization` field lines. */
  readonly authorization: readonly string[];
  /** Names of the parameters in the query of the URL. */
  readonly query: readonly string[];
  readonly body: string;
  /** The client's certificate, where it showed one in a TLS handshake (RFC 8705). */
  readonly certificate?: PresentedCertificate | undefined;
}

/** A token request. */
export interface TokenRequest extends FormRequest {
  /** The tenant in the path, where the request names one. */
  readonly tenant: string | undefined;
}
