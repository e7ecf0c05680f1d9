import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose';

/** The signing key of a double. */
export interface Signer {
  readonly kid: string;
  /** RFC 7517 §5. */
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Signs the claims with RS256; `header` goes over `alg` and `kid`. */
  readonly sign: (claims: JWTPayload, header?: Partial<JWTHeaderParameters>) => Promise<string>;
  /** The claims of a token that this key signed. Expiry is the caller's to check. Rejects otherwise. */
  readonly verify: (token: string) => Promise<JWTPayload>;
}

/** Makes an RSA-2048 key whose `kid` is its thumbprint (RFC 7638). */
export async function createSigner(): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  const epoch = new Date(0);
  return {
    kid,
    jwks: { keys: [{ ...jwk, kid, use: 'sig', alg: 'RS256' }] },
    sign: (claims, header = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(privateKey),
    verify: async (token) =>
      (
        await jwtVerify(token, publicKey, {
          algorithms: ['RS256'],
          currentDate: epoch,
          clockTolerance: Number.MAX_SAFE_INTEGER,
        })
      ).payload,
  };
}
