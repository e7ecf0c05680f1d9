import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  type SignKeyObjectInput,
  sign,
} from 'node:crypto';

/** Algorithms a test issuer can sign with, the forbidden ones included. */
export type SigningAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'HS256'
  | 'none';

/** A key pair of an issuer, with what is published of it. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly privateKey: KeyObject;
  /** Public JWK with `kid`, `alg` and `use` (RFC 7517 §4). */
  readonly jwk: JsonWebKey & Record<string, unknown>;
}

/** Makes a key pair that fits the algorithm. RSA keys have 2048 bits unless told otherwise. */
export function createSigningKey(alg: SigningAlgorithm, kid: string, modulusLength = 2048): SigningKey {
  const privateKey = generate(alg, modulusLength);
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return { kid, alg, privateKey, jwk: { ...jwk, kid, alg, use: 'sig' } };
}

/** Signs exactly these bytes (RFC 7515 §5.1). ECDSA signatures are `r || s` (RFC 7518 §3.4). */
export function signBytes(alg: string, key: KeyObject | JsonWebKey | Uint8Array, data: string): Buffer {
  if (alg === 'none') return Buffer.alloc(0);
  const bits = alg.slice(-3);
  if (alg.startsWith('HS'))
    return createHmac(`sha${bits}`, key as Uint8Array)
      .update(data)
      .digest();
  const digest = alg === 'EdDSA' ? null : `sha${bits}`;
  return sign(digest, Buffer.from(data), { key: privateKeyOf(key), ...padding(alg) } as SignKeyObjectInput);
}

function padding(alg: string): object {
  if (alg.startsWith('PS')) {
    return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  }
  return alg.startsWith('ES') ? { dsaEncoding: 'ieee-p1363' } : {};
}

function privateKeyOf(key: KeyObject | JsonWebKey | Uint8Array): KeyObject {
  if (key instanceof Uint8Array) throw new TypeError('A byte key signs with HS* only.');
  return 'asymmetricKeyType' in key
    ? (key as KeyObject)
    : createPrivateKey({ key: key as JsonWebKey, format: 'jwk' });
}

const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

function generate(alg: SigningAlgorithm, modulusLength: number): KeyObject {
  const namedCurve = curves[alg];
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve }).privateKey;
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519').privateKey;
  if (/^[RP]S\d/.test(alg)) return generateKeyPairSync('rsa', { modulusLength }).privateKey;
  throw new RangeError(`No key pair fits ${alg}.`);
}
