import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';

/** A key that signs minted tokens, with what is published of it. */
export interface MintKey {
  /** JWK thumbprint (RFC 7638), so that a key has one name wherever it stands. */
  readonly kid: string;
  readonly alg: 'ES256' | 'EdDSA';
  readonly privateKey: KeyObject;
  /** Public JWK with `kid`, `alg` and `use` (RFC 7517 §4). */
  readonly jwk: JWK;
}

/** The keys that sign, by type: short signatures, no key size to get wrong. */
const algorithms: Readonly<Record<string, MintKey['alg']>> = { 'P-256': 'ES256', Ed25519: 'EdDSA' };

/**
 * A private key as one that mints.
 *
 * @throws TypeError for anything but a private P-256 or Ed25519 key.
 */
export function mintKey(privateKey: KeyObject): MintKey {
  const { kty, crv, x, y } = privateKey.type === 'private' ? publicJwk(privateKey) : {};
  const alg = algorithms[crv ?? ''];
  if (alg === undefined || kty === undefined || crv === undefined || x === undefined)
    throw new TypeError('A key that mints must be a private P-256 or Ed25519 key.');
  const jwk = y === undefined ? { crv, kty, x } : { crv, kty, x, y };
  // RFC 7638 §3.2: the required members in this order, without white space.
  const kid = hash('sha256', JSON.stringify(jwk), 'base64url');
  return { kid, alg, privateKey, jwk: { ...jwk, kid, alg, use: 'sig' } };
}

function publicJwk(key: KeyObject): JWK {
  try {
    return createPublicKey(key).export({ format: 'jwk' }) as JWK;
  } catch {
    return {};
  }
}
