/** Signature algorithms a client may use; all asymmetric (RFC 8725 §3.1). */
export const assertionAlgorithms = ['PS256', 'RS256', 'ES256', 'ES384', 'EdDSA'] as const;
