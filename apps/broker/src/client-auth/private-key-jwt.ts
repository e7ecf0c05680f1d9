import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { assertionAlgorithms } from './assertion-algorithms.ts';
import { refused } from './credential.ts';
import type { ReplayGuard } from './replay-guard.ts';

export interface AssertionRules {
  readonly clientId: string;
  readonly jwks: JSONWebKeySet;
  /** Longest accepted time until `exp`, seconds. */
  readonly maxLifetime: number;
  readonly allowReuse: boolean;
}

export interface AssertionVerifierOptions {
  /** Accepted `aud`: the issuer of the broker, or one of its token endpoints. */
  readonly audiences: readonly string[];
  readonly replay: ReplayGuard;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const clockTolerance = 30;

/** Verifies the assertions of one client; rejects with `invalid_client`. */
export type AssertionVerifier = (assertion: string) => Promise<void>;

/**
 * How the assertions of a client are verified (RFC 7523 §3, and the single audience of its successor): signed by
 * a registered key, `iss` and `sub` the client, `aud` this broker alone, short-lived, and its `jti` not seen
 * before. The keys of a client are imported once.
 */
export function createAssertionVerifier({ audiences, replay, now }: AssertionVerifierOptions) {
  return (rules: AssertionRules): AssertionVerifier => {
    const keys = createLocalJWKSet(rules.jwks);
    return async (assertion) => {
      const seconds = Math.floor(now() / 1000);
      const payload = await verify(assertion, keys, rules.clientId, new Date(now()));
      const { aud, exp, iat, jti } = payload;
      if (typeof aud !== 'string' || !audiences.includes(aud)) refused('assertion_audience');
      if (typeof exp !== 'number' || !Number.isFinite(exp)) refused('assertion_exp');
      if (exp > seconds + rules.maxLifetime + clockTolerance) refused('assertion_lifetime');
      if (iat !== undefined && iat > seconds + clockTolerance) refused('assertion_iat');
      if (typeof jti !== 'string' || jti === '') refused('assertion_jti');
      if (rules.allowReuse) return;
      if (!(await replay.firstUse(rules.clientId, jti, (exp + clockTolerance) * 1000)))
        refused('assertion_replay');
    };
  };
}

async function verify(
  assertion: string,
  keys: ReturnType<typeof createLocalJWKSet>,
  clientId: string,
  currentDate: Date,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(assertion, keys, {
      algorithms: [...assertionAlgorithms],
      issuer: clientId,
      subject: clientId,
      requiredClaims: ['exp', 'jti', 'aud'],
      clockTolerance,
      currentDate,
    });
    return payload;
  } catch (cause) {
    return refused('assertion', cause);
  }
}
