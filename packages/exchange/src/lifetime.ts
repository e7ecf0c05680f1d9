import { OAuthError } from '@mcp-obo/oauth-error';

/** Everything that ends a token's use. Seconds; instants since the epoch. */
export interface LifetimeInput {
  readonly now: number;
  /** `expires_in` of the response. */
  readonly expiresIn?: number;
  /** `exp` of the token, when it could be read. */
  readonly tokenExpiresAt?: number;
  /** `exp` of the subject token; absent for machines. */
  readonly subjectExpiresAt?: number;
  /** The target's bound. */
  readonly maxLifetime: number;
}

export interface Lifetime {
  /** The token must not be sent after this. */
  readonly expiresAt: number;
  /** The entry must not be served after this; undefined: not to be cached. */
  readonly cacheUntil?: number;
  /** From then on a busy entry is fetched anew; undefined: a new one would not live longer. */
  readonly refreshAt?: number;
}

/** The longest time a token is used where its target names none, seconds. */
export const defaultMaxLifetime = 3600;

/** How long a token is used when nothing says how long it lives. It is then not cached. */
const unknownLife = 60;

/**
 * The life of an answer: min(`expires_in`, its `exp`, the subject's `exp`, the target's bound). The cache
 * keeps it that long less min(60 s, 20 %), so that what it serves can still be used, and may fetch it anew as
 * long before that again, where the subject lives long enough for a gain.
 *
 * @throws OAuthError `bad_gateway` when the answer is expired on arrival, `invalid_token` when the subject
 * token ended while it was on its way.
 */
export function lifetimeOf(input: LifetimeInput): Lifetime {
  const { now, expiresIn, tokenExpiresAt, subjectExpiresAt = Infinity, maxLifetime } = input;
  if (subjectExpiresAt <= now) throw subjectExpired();
  const told = expiresIn !== undefined || tokenExpiresAt !== undefined;
  const own = told ? Math.min(now + (expiresIn ?? Infinity), tokenExpiresAt ?? Infinity) : now + unknownLife;
  const expiresAt = Math.floor(Math.min(own, subjectExpiresAt, now + maxLifetime));
  const life = expiresAt - now;
  if (!(life > 0)) {
    throw new OAuthError('bad_gateway', 'The identity provider answered with an expired token.', {
      reason: 'answer_expired',
    });
  }
  if (!told) return { expiresAt };
  const margin = Math.min(60, life * 0.2);
  const cacheUntil = expiresAt - margin;
  const gains = subjectExpiresAt - expiresAt >= margin;
  return { expiresAt, cacheUntil, ...(gains ? { refreshAt: cacheUntil - margin } : {}) };
}

/** The refusal of a subject token that has ended: only a new one helps, and nobody behind is to blame. */
export function subjectExpired(): OAuthError {
  return new OAuthError('invalid_token', 'The subject token is expired.', {
    reason: 'subject_expired',
    params: { suberror: 'subject_refused' },
  });
}

/** The refusal of a subject or actor token that was revoked: only a new login helps. */
export function subjectRevoked(): OAuthError {
  return new OAuthError('invalid_token', 'The subject token is revoked.', {
    reason: 'subject_revoked',
    params: { suberror: 'subject_refused' },
  });
}
