import type { KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';

/** What a client assertion (RFC 7523 §2.2, §3) is made of. */
export interface ClientAssertionOptions {
  readonly clientId: string;
  /** `aud`. */
  readonly audience: string;
  readonly key: KeyObject;
  /** Default: PS256 beside `x5tS256`, else RS256 for RSA, the curve's for EC, `EdDSA` for Ed25519. */
  readonly alg?: string;
  readonly kid?: string;
  /** SHA-256 thumbprint of the certificate, base64url. */
  readonly x5tS256?: string;
  /** True: one assertion is sent again within its life, where the receiver allows it. */
  readonly reuse: boolean;
  /** Seconds. */
  readonly lifetime: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A fresh unguessable `jti`. */
  readonly random: () => string;
}

/** Signs client assertions: a fresh one per call, or one that is kept for nine tenths of its life. */
export function createAssertionSigner(options: ClientAssertionOptions): () => Promise<string> {
  const header = assertionHeader(options);
  let kept: { readonly assertion: Promise<string>; readonly until: number } | undefined;

  function sign(issuedAt: number): Promise<string> {
    return new SignJWT()
      .setProtectedHeader(header)
      .setIssuer(options.clientId)
      .setSubject(options.clientId)
      .setAudience(options.audience)
      .setJti(options.random())
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + options.lifetime)
      .sign(options.key);
  }

  return () => {
    const now = Math.floor(options.now() / 1000);
    if (!options.reuse) return sign(now);
    if (kept === undefined || now >= kept.until || now < kept.until - options.lifetime) {
      kept = { assertion: sign(now), until: now + options.lifetime * 0.9 };
    }
    return kept.assertion;
  };
}

/** The protected header. Throws a `TypeError` for a key that cannot sign a client assertion. */
export function assertionHeader({
  alg,
  key,
  kid,
  x5tS256,
}: Pick<ClientAssertionOptions, 'alg' | 'key' | 'kid' | 'x5tS256'>) {
  return {
    alg: alg ?? defaultAlgorithm(key, x5tS256 !== undefined),
    typ: 'JWT',
    ...(kid === undefined ? {} : { kid }),
    ...(x5tS256 === undefined ? {} : { 'x5t#S256': x5tS256 }),
  };
}

function defaultAlgorithm(key: KeyObject, certificate: boolean): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const byCurve = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' } as Record<string, string>;
  const alg =
    type === 'rsa'
      ? certificate
        ? 'PS256'
        : 'RS256'
      : type === 'ed25519'
        ? 'EdDSA'
        : byCurve[details?.namedCurve ?? ''];
  if (key.type !== 'private' || alg === undefined) {
    throw new TypeError('The key of a client assertion must be a private RSA, EC or Ed25519 key.');
  }
  return alg;
}
