import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** The signing keys of one issuer. The first signs; all are published. */
export interface KeyRing {
  /** With private members, for the provider alone. */
  privateJwks(): { keys: JWK[] };
  /** As published at `jwks_uri`. */
  publicJwks(): { keys: JWK[] };
  /** A new key signs from now on. The old ones stay published unless they are retired. */
  rotate(options: { readonly retire: boolean }): Promise<{ kid: string; published: string[] }>;
}

/** Keys for RS256 (RFC 7518 §3.3), named by their thumbprint (RFC 7638). */
export async function createKeyRing(modulusLength: number): Promise<KeyRing> {
  let keys = [await generateSigningKey(modulusLength)];
  return {
    privateJwks: () => structuredClone({ keys }),
    publicJwks: () => ({ keys: keys.map(publicMembers) }),
    async rotate({ retire }) {
      const next = await generateSigningKey(modulusLength);
      keys = retire ? [next] : [next, ...keys];
      return { kid: String(next.kid), published: keys.map((key) => String(key.kid)) };
    },
  };
}

async function generateSigningKey(modulusLength: number): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { modulusLength, extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'RS256', use: 'sig' };
}

function publicMembers({ kty, n, e, kid, alg, use }: JWK): JWK {
  return { kty, n, e, kid, alg, use } as JWK;
}
