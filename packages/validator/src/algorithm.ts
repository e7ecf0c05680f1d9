/** What an algorithm demands of the key and of the signature. */
export interface Algorithm {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  /** Curve of the key, where the algorithm fixes one (RFC 7518 §3.4, RFC 8037 §3.1). */
  readonly crv?: string;
  /** Bytes of a signature, where the algorithm fixes them; an RSA signature is as long as the modulus. */
  readonly signatureLength?: number;
}

const rsa: Algorithm = { kty: 'RSA' };
const ed25519: Algorithm = { kty: 'OKP', crv: 'Ed25519', signatureLength: 64 };

/** Every algorithm an issuer can be configured with: asymmetric ones alone (RFC 8725 §3.1, RFC 9068 §4). */
const algorithms: Readonly<Record<string, Algorithm>> = {
  RS256: rsa,
  RS384: rsa,
  RS512: rsa,
  PS256: rsa,
  PS384: rsa,
  PS512: rsa,
  ES256: { kty: 'EC', crv: 'P-256', signatureLength: 64 },
  ES384: { kty: 'EC', crv: 'P-384', signatureLength: 96 },
  ES512: { kty: 'EC', crv: 'P-521', signatureLength: 132 },
  EdDSA: ed25519,
  Ed25519: ed25519,
};

/**
 * What an issuer may sign with unless it is configured: one algorithm for each kind of key, so that a key
 * without `alg` still fits one algorithm only.
 */
export const defaultAlgorithms = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;

/** The algorithm of that name, or undefined for `none`, `HS*` and whatever is not known. */
export function algorithmNamed(name: unknown): Algorithm | undefined {
  return typeof name === 'string' && Object.hasOwn(algorithms, name) ? algorithms[name] : undefined;
}
