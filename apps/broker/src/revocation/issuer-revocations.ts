import type { EvictedToken, Scheduler, Upstream } from '@mcp-obo/exchange';
import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import type { RevocationEntry } from '@mcp-obo/revocation';
import type { IssuerOutcome, RevocationObserver } from './revocation-observer.ts';

export interface IssuerRevocationsOptions {
  /** Revokes one, and gives up at the deadline (milliseconds since the epoch). Rejects with `temporarily_unavailable` for a fault. */
  readonly revoke: (token: EvictedToken, deadline: number) => Promise<void>;
  readonly observer: Pick<RevocationObserver, 'atIssuer'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly schedule: Scheduler;
  /** Most tokens that are under way. Default 10,000. */
  readonly most?: number;
}

/** Ends tokens where they were obtained, after all that is ours has ended: nobody waits for it. */
export interface IssuerRevocations {
  /** Begins, and returns at once. A fault is waited out, three times at most. Never throws. */
  readonly revoke: (token: EvictedToken) => void;
  /** Resolves when nothing is under way, or after so many milliseconds: what is left is dropped then. */
  readonly drain: (milliseconds: number) => Promise<void>;
}

/** Milliseconds until a fault is tried again, for each time. */
const pauses = [1000, 5000, 15_000];

/** Longest that an issuer can ask to wait, milliseconds. */
const longestPause = 60_000;

/** Milliseconds for one attempt, its turn among the others included. */
const attemptMs = 30_000;

interface Job {
  readonly token: EvictedToken;
  faults: number;
  cancel?: () => void;
}

export function createIssuerRevocations(options: IssuerRevocationsOptions): IssuerRevocations {
  const { observer, now, schedule, most = 10_000 } = options;
  const jobs = new Map<string, Job>();
  let idle = () => {};
  let draining = false;

  async function attempt(job: Job): Promise<void> {
    try {
      await options.revoke(job.token, now() + attemptMs);
      settle(job, 'revoked');
    } catch (error) {
      const pause = pauseAfter(error, job);
      if (pause === undefined) settle(job, outcomeOf(error), error);
      else job.cancel = schedule(() => void attempt(job), pause);
    }
  }

  /** How long to wait before the next attempt; undefined when there is none. */
  function pauseAfter(error: unknown, job: Job): number | undefined {
    const pause = pauses[job.faults];
    if (!isFault(error) || pause === undefined || draining) return undefined;
    job.faults += 1;
    const longer = Math.min(longestPause, Math.max(pause, (error.retryAfter ?? 0) * 1000));
    return now() + longer < job.token.expiresAt * 1000 ? longer : undefined;
  }

  /** Whoever is late finds the token settled. */
  function settle(job: Job, outcome: IssuerOutcome, error?: unknown): void {
    if (jobs.get(job.token.accessToken) !== job) return;
    jobs.delete(job.token.accessToken);
    job.cancel?.();
    observer.atIssuer(job.token, outcome, error);
    if (jobs.size === 0) idle();
  }

  return {
    revoke(token) {
      if (jobs.has(token.accessToken) || token.expiresAt * 1000 <= now()) return;
      if (draining || jobs.size >= most) {
        observer.atIssuer(token, 'dropped');
        return;
      }
      const job: Job = { token, faults: 0 };
      jobs.set(token.accessToken, job);
      void attempt(job);
    },
    async drain(milliseconds) {
      draining = true;
      for (const job of jobs.values()) if (job.cancel !== undefined) settle(job, 'dropped');
      if (jobs.size === 0) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      idle = resolve;
      const cancel = schedule(resolve, milliseconds);
      await promise;
      cancel();
      for (const job of jobs.values()) settle(job, 'dropped');
    },
  };
}

/**
 * Revokes at the issuer, as the registration that obtained the token. Rejects with `unauthorized_client` when the
 * configuration has it no more: no other may.
 */
export async function revokeAtIssuer(
  upstreams: readonly Upstream[],
  { issuer, client, registration, accessToken }: EvictedToken,
  deadline: number,
): Promise<void> {
  const upstream = upstreams.find(
    (one) =>
      one.issuer === issuer &&
      one.revoke !== undefined &&
      one.registration(client)?.clientId === registration,
  );
  if (upstream?.revoke !== undefined) return upstream.revoke(client, accessToken, deadline);
  throw new OAuthError('unauthorized_client', 'The registration that obtained the token is gone.', {
    reason: 'no_registration',
  });
}

/** Whether a token was obtained with what a revocation ends: the same rule as that of validators. */
export function isCovered({ subjectIssuedAt }: EvictedToken, { before }: RevocationEntry): boolean {
  return subjectIssuedAt * 1000 <= before;
}

function isFault(error: unknown): error is OAuthError {
  return isOAuthError(error) && error.code === 'temporarily_unavailable';
}

const unsupported: ReadonlySet<string> = new Set([
  'revocation_unsupported',
  'upstream_no_revocation_endpoint',
]);

function outcomeOf(error: unknown): IssuerOutcome {
  if (isOAuthError(error) && unsupported.has(error.reason)) return 'unsupported';
  return isFault(error) ? 'fault' : 'refused';
}
