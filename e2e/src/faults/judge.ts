import type { Answer } from '../../tests/attacks/fixture/http.ts';
import { claimsOf } from '../../tests/attacks/fixture/upstream.ts';

/** A token of a user, and when all brokers were told that it is revoked. */
export interface Subject {
  readonly user: string;
  readonly token: string;
  /** When its revocation was acknowledged; absent: it holds. Milliseconds. */
  revokedAt?: number;
}

/** What was asked of a broker. */
export interface Question {
  readonly subject: Subject;
  readonly audience: string;
  readonly scope: string;
  /** Milliseconds. */
  readonly begun: number;
}

/** Milliseconds within which a revocation reaches every process (`rs:revoked`). */
export const revocationReach = 1000;

/** The claim with the time at which the issuer of the suite gave a token. Milliseconds. */
export const givenClaim = 'given_ms';

type Claims = Readonly<Record<string, unknown>>;

/** What makes an answer wrong, by name. Each is told the question, the claims of the token, and whether the broker was cut off. */
const wrongs: Readonly<Record<string, (question: Question, claims: Claims, cutOff: boolean) => boolean>> = {
  'another user': ({ subject }, { sub }) => sub !== subject.user,
  'another audience': ({ audience }, { aud }) => aud !== audience,
  'another scope': ({ scope: asked }, { scope }) => scope !== asked,
  expired: ({ begun }, { exp }) => !(Number(exp) * 1000 > begun),
  'kept over a revocation': (question, claims) =>
    isRevoked(question) && Number(claims[givenClaim]) < Number(question.subject.revokedAt),
  'given in spite of a revocation': (question, _claims, cutOff) => isRevoked(question) && !cutOff,
};

function isRevoked({ subject, begun }: Question): boolean {
  return subject.revokedAt !== undefined && begun > subject.revokedAt + revocationReach;
}

/**
 * Why an answer is wrong; undefined for one that is right, also for a refusal. A broker that is cut off from what
 * others know may ask the issuer about a token that was revoked meanwhile; it may never serve what it kept.
 */
export function wrongness(question: Question, { status, body }: Answer, cutOff: boolean): string | undefined {
  if (status !== 200) return undefined;
  const claims = claimsOf(String((JSON.parse(body) as Claims).access_token));
  return Object.keys(wrongs).find((name) => wrongs[name]?.(question, claims, cutOff));
}
