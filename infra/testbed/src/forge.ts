import { createPublicKey, type JsonWebKey, type KeyObject, sign } from 'node:crypto';

/** A token to forge a signature for. */
export interface SigningInput {
  readonly token: string;
  readonly privateKey: KeyObject;
}

/** The signature of a token. */
export function signatureOf({ token }: SigningInput): Buffer {
  return Buffer.from(token.slice(token.lastIndexOf('.') + 1), 'base64url');
}

/** A valid ECDSA signature in the encoding of X.509, which JOSE does not use. */
export function derSignature({ token, privateKey }: SigningInput): Buffer {
  const data = Buffer.from(token.slice(0, token.lastIndexOf('.')));
  return sign('sha256', data, { key: privateKey, dsaEncoding: 'der' });
}

/** Spellings of a public key that libraries have taken for a symmetric secret. */
export const publicKeySpellings: Readonly<Record<string, (jwk: JsonWebKey) => Buffer>> = {
  pem: (jwk) => Buffer.from(pem(jwk)),
  'pem without the last line break': (jwk) => Buffer.from(pem(jwk).trimEnd()),
  'pem with two line breaks': (jwk) => Buffer.from(`${pem(jwk)}\n`),
  'pem after a space': (jwk) => Buffer.from(` ${pem(jwk)}`),
  'PKCS #1': (jwk) => Buffer.from(publicKey(jwk).export({ type: 'pkcs1', format: 'pem' })),
  DER: (jwk) => publicKey(jwk).export({ type: 'spki', format: 'der' }),
  'JWK text': (jwk) => Buffer.from(JSON.stringify(jwk)),
};

function pem(jwk: JsonWebKey): string {
  return publicKey(jwk).export({ type: 'spki', format: 'pem' }).toString();
}

function publicKey(jwk: JsonWebKey): KeyObject {
  return createPublicKey({ key: jwk, format: 'jwk' });
}
