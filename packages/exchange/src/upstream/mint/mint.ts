import { broker } from '@mcp-obo/idp-profile';
import { type JWTPayload, SignJWT } from 'jose';
import { subjectExpired } from '../../lifetime.ts';
import { accessTokenType } from '../rfc8693.ts';
import type { Upstream, UpstreamAnswer } from '../upstream.ts';
import { type MintFrame, type MintIssuer, machineClaims, userClaims } from './mint-claims.ts';
import type { MintKeyRing } from './mint-key-ring.ts';

export interface MintOptions extends MintIssuer {
  /** Names of the targets that take tokens of this issuer. */
  readonly targets: readonly string[];
  /** Issuers whose users it speaks for: exact `iss` of the subject tokens it takes, besides its own. */
  readonly subjectIssuers: readonly string[];
  readonly keys: Pick<MintKeyRing, 'signing' | 'jwks'>;
  /** Where the keys are published. */
  readonly jwksUri: string;
  /** Longest life of a token, seconds. Default 300, which is also the most. */
  readonly lifetime?: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A fresh unguessable string. */
  readonly random: () => string;
}

const longestLife = 300;

/**
 * An upstream that asks nobody: it signs access tokens itself (RFC 9068), for targets that trust this issuer. No
 * token outlives five minutes, its subject token or its target's bound.
 */
export function createMint(options: MintOptions): Upstream {
  const { issuer, tenant, keys, now } = options;
  const lifetime = Math.min(options.lifetime ?? longestLife, longestLife);

  async function sign(notAfter: number, claimsOf: (frame: MintFrame) => JWTPayload): Promise<UpstreamAnswer> {
    const iat = Math.floor(now() / 1000);
    const exp = Math.floor(Math.min(iat + lifetime, notAfter));
    if (exp <= iat) throw subjectExpired();
    const claims = claimsOf({ iat, exp, jti: options.random() });
    const { kid, alg, privateKey } = keys.signing();
    const accessToken = await new SignJWT(claims)
      .setProtectedHeader({ alg, kid, typ: 'at+jwt' })
      .sign(privateKey);
    return { accessToken, expiresIn: exp - iat, issuedTokenType: accessTokenType };
  }

  return {
    issuer,
    tenant,
    profile: broker,
    jwksUri: options.jwksUri,
    answerIssuers: [issuer],
    serves: { targets: options.targets, subjectIssuers: [...options.subjectIssuers, issuer] },
    narrows: true,
    ownKeys: keys.jwks,
    // What another key signed is another answer: a key that was taken away leaves nothing behind.
    registration: (client) => ({ clientId: client, id: JSON.stringify(['mint', keys.signing().kid]) }),
    exchange: (request) =>
      sign(Math.min(request.notAfter, request.subject.expiresAt), (frame) =>
        userClaims({ issuer, tenant }, request, frame),
      ),
    clientCredentials: (request) =>
      sign(request.notAfter, (frame) => machineClaims({ issuer, tenant }, request, frame)),
  };
}
