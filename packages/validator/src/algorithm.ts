import { constants, type VerifyKeyObjectInput } from 'node:crypto';

/** What an algorithm demands of the key and of the signature. */
export interface Algorithm {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  /** Curve of the key, where the algorithm fixes one (RFC 7518 §3.4, RFC 8037 §3.1). */
  readonly crv?: string;
  /** Bytes of a signature, where the algorithm fixes them; an RSA signature is as long as the modulus. */
  readonly signatureLength?: number;
  /** Hash function, for `crypto.verify`; undefined where the scheme brings its own. */
  readonly digest: string | undefined;
  /** The scheme, for `crypto.verify`; undefined for the one that a key of its type has by itself. */
  readonly scheme?: Omit<VerifyKeyObjectInput, 'key'>;
}

/** What an RSA key of a JWK has by itself (RFC 7518 §3.3): to name it costs half of a verification more. */
const pkcs1 = (digest: string): Algorithm => ({ kty: 'RSA', digest });

/** The salt is as long as the hash (RFC 7518 §3.5). */
const pss = (digest: string): Algorithm => ({
  kty: 'RSA',
  digest,
  scheme: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
});

/** R and S side by side, and no DER (RFC 7518 §3.4). */
const ecdsa = (crv: string, digest: string, signatureLength: number): Algorithm => ({
  kty: 'EC',
  crv,
  signatureLength,
  digest,
  scheme: { dsaEncoding: 'ieee-p1363' },
});

const ed25519: Algorithm = {
  kty: 'OKP',
  crv: 'Ed25519',
  signatureLength: 64,
  digest: undefined,
};

/** Every algorithm an issuer can be configured with: asymmetric ones alone (RFC 8725 §3.1, RFC 9068 §4). */
const algorithms: Readonly<Record<string, Algorithm>> = {
  RS256: pkcs1('sha256'),
  RS384: pkcs1('sha384'),
  RS512: pkcs1('sha512'),
  PS256: pss('sha256'),
  PS384: pss('sha384'),
  PS512: pss('sha512'),
  ES256: ecdsa('P-256', 'sha256', 64),
  ES384: ecdsa('P-384', 'sha384', 96),
  ES512: ecdsa('P-521', 'sha512', 132),
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
