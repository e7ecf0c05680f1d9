import { isOAuthError } from '@mcp-obo/oauth-error';

/** An error code for the delivery of a security event token (RFC 8935 §2.4). */
export type DeliveryErrorCode =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed'
  | 'access_denied';

/** What a transmitter is told about a token that will never be taken (RFC 8935 §2.3, RFC 8936 §2.6). */
export interface DeliveryError {
  readonly err: DeliveryErrorCode;
  readonly description: string;
}

/** The one sentence of each code; which rule was broken is in log and audit. */
const descriptions: Readonly<Record<DeliveryErrorCode, string>> = {
  invalid_request:
    'The token is no security event token, or does not say who it is about in a way that is known here.',
  invalid_key: 'The token is not signed by a key and an algorithm that are accepted here.',
  invalid_issuer: 'The issuer of the token is no transmitter that is known here.',
  invalid_audience: 'The token is for another recipient.',
  authentication_failed: 'The transmitter did not prove who it is.',
  access_denied: 'The transmitter may not deliver its tokens here.',
};

/** Reasons of refusals by their code; all others are `invalid_request`. */
const codes: ReadonlyMap<string, DeliveryErrorCode> = new Map<string, DeliveryErrorCode>([
  ['alg', 'invalid_key'],
  ['kid', 'invalid_key'],
  ['embedded_key', 'invalid_key'],
  ['unknown_key', 'invalid_key'],
  ['unusable_key', 'invalid_key'],
  ['issuer', 'invalid_issuer'],
  ['audience', 'invalid_audience'],
  ['signature', 'authentication_failed'],
  ['event_authorization', 'authentication_failed'],
  ['event_delivery', 'access_denied'],
]);

/** What the transmitter is told; undefined for what is no fault of its own, so that it sends the token again. */
export function deliveryError(error: unknown): DeliveryError | undefined {
  if (!isOAuthError(error) || error.status >= 500) return undefined;
  const err = codes.get(error.reason) ?? 'invalid_request';
  return { err, description: descriptions[err] };
}
