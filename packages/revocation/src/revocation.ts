import { type SubjectKind, subjectKey } from '@mcp-obo/grant';

/** The end of a token, a session, a user's or a client's tokens, as somebody asks for it. */
export interface Revocation {
  readonly kind: SubjectKind;
  /** Exact `iss` of the tokens. */
  readonly issuer: string;
  /** The token's id, `sid`, the user's key by the issuer's profile, or the client's id. */
  readonly id: string;
  /**
   * When it happened, milliseconds since the epoch; now when absent or to come. For what goes on after it: tokens that
   * were issued later stay valid, however late the news came.
   */
  readonly at?: number;
}

/** A revocation as processes tell it each other: no name is in it. */
export interface RevocationEntry {
  /** What is revoked, by `subjectKey`. */
  readonly key: string;
  /** Tokens that were issued up to then are not valid any more. Milliseconds since the epoch. */
  readonly before: number;
  /** When the last of them has expired, and the entry can be forgotten. Milliseconds since the epoch. */
  readonly until: number;
}

export interface RevocationTimes {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Longest life of a token that may have been issued, milliseconds. */
  readonly longestLife: number;
}

/**
 * How far the clock of an issuer may be ahead of ours, milliseconds. A token id or a session has no future, so
 * it can be as much as validators allow; a user or a client logs in again, and must not wait long.
 */
const clockTolerance: Readonly<Record<SubjectKind, number>> = {
  token: 30_000,
  session: 30_000,
  user: 5000,
  client: 5000,
};

/**
 * The same for what has a time: that and the times of tokens are most often by one issuer's clocks, and who was ended
 * logs in again soon after.
 */
const toleranceOfEvents = 2000;

/** The entry of a revocation: it ends what had been issued when it happened. */
export function revocationEntry(
  { kind, issuer, id, at }: Revocation,
  { now, longestLife }: RevocationTimes,
): RevocationEntry {
  const before = at === undefined ? now + clockTolerance[kind] : Math.min(at, now) + toleranceOfEvents;
  return { key: subjectKey(kind, issuer, id), before, until: before + longestLife };
}
