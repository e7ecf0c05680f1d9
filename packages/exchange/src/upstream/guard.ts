import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  circuitBreaker,
  DelegateBackoff,
  handleWhen,
  type IRetryBackoffContext,
  retry,
  SamplingBreaker,
  TaskCancelledError,
} from 'cockatiel';
import type { Scheduler } from '../scheduler.ts';
import { UpstreamFailure } from './upstream-failure.ts';

/** How far an identity provider is pressed. */
export interface GuardOptions {
  /** Attempts after the first, for faults only. */
  readonly retries: number;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Requests that may wait for their turn; more are refused at once. */
  readonly queue: number;
  /** Milliseconds without any request once half of them (and at least ten in ten seconds) were faults. */
  readonly openMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A number from 0 up to 1. */
  readonly jitter: () => number;
  readonly schedule: Scheduler;
  readonly onState?: (state: BreakerState) => void;
}

export type BreakerState = 'closed' | 'open' | 'half_open';

/** Asks on behalf of one registration until the deadline (milliseconds since the epoch). */
export type Guard = <T>(registration: string, deadline: number, ask: () => Promise<T>) => Promise<T>;

/** Longest wait that a provider can ask of us, milliseconds. */
const longestHold = 300_000;

/** Longest pause that is waited for here; the caller is told to come back for a longer one, milliseconds. */
const longestPause = 2000;

/** How early a timer may come, milliseconds. */
const timerSlack = 5;

/** Shortest time that an attempt is begun for, milliseconds. */
const shortestAttempt = 250;

/**
 * What stands between the engine and one identity provider: a breaker, a bound on requests at once with a
 * bounded queue, retries of faults with jitter, and whatever the provider says about waiting, which holds for
 * the registration it was said to. All of it ends at the deadline. Rejects with what the provider said, or with
 * `temporarily_unavailable` and how long to wait.
 */
export function createGuard(options: GuardOptions): Guard {
  const { now, schedule, openMs } = options;
  const turns = bulkhead(options.concurrency, options.queue);
  const breaker = circuitBreaker(handleWhen(isFault), {
    halfOpenAfter: openMs,
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 1 }),
  });
  const holds = new Map<string, number>();
  breaker.onBreak(() => options.onState?.('open'));
  breaker.onHalfOpen(() => options.onState?.('half_open'));
  breaker.onReset(() => options.onState?.('closed'));

  return async (registration, deadline, ask) => {
    const gone = new AbortController();
    const overdue = Promise.withResolvers<never>();
    const cancel = schedule(
      () => {
        gone.abort();
        overdue.reject(unavailable('deadline', 1));
      },
      Math.max(0, deadline - now()),
    );
    const attempt = async () => {
      refuseHeld(registration);
      try {
        return await breaker.execute(() => turns.execute(ask, gone.signal), gone.signal);
      } catch (error) {
        hold(registration, error);
        throw spelled(error);
      }
    };
    const worthwhile = (error: unknown) =>
      isFault(error) && delayOf(error) <= Math.min(longestPause, deadline - now() - shortestAttempt);
    const policy = retry(handleWhen(worthwhile), {
      maxAttempts: options.retries,
      backoff: new DelegateBackoff(({ attempt: number, result }: IRetryBackoffContext<unknown>) => {
        const told = 'error' in result ? delayOf(result.error) : 0;
        return told + pause(number, options.jitter);
      }),
    });
    try {
      return await Promise.race([policy.execute(attempt, gone.signal), overdue.promise]);
    } finally {
      cancel();
    }
  };

  function refuseHeld(registration: string): void {
    const left = (holds.get(registration) ?? 0) - now();
    if (left > timerSlack) throw unavailable('upstream_throttled', left / 1000);
    holds.delete(registration);
  }

  function hold(registration: string, error: unknown): void {
    const until = now() + Math.min(longestHold, toldToWait(error) ?? 0);
    if (until > Math.max(now(), holds.get(registration) ?? 0)) holds.set(registration, until);
  }

  function spelled(error: unknown): unknown {
    if (error instanceof BrokenCircuitError) return unavailable('upstream_open', openMs / 1000, error);
    if (error instanceof BulkheadRejectedError) return unavailable('overloaded', 1, error);
    if (error instanceof TaskCancelledError) return unavailable('deadline', 1, error);
    return error;
  }
}

/** Faults of the provider or the way to it. What it refuses, or answers wrongly, is none: it would again. */
function isFault(error: unknown): boolean {
  return isOAuthError(error) && error.code === 'temporarily_unavailable' && !ours.has(error.reason);
}

/** Reasons that are no news of the provider's health: it asks to wait, or was not asked. */
const ours: ReadonlySet<string> = new Set([
  'upstream_throttled',
  'upstream_loop',
  'upstream_open',
  'overloaded',
  'deadline',
]);

/** Milliseconds that the provider asked for itself; undefined when it named none. */
function toldToWait(error: unknown): number | undefined {
  const cause = isOAuthError(error) ? error.cause : undefined;
  if (!(cause instanceof UpstreamFailure) || cause.retryAfter === undefined) return undefined;
  return cause.retryAfter * 1000;
}

const delayOf = (error: unknown): number => toldToWait(error) ?? 0;

/** Full jitter, from 100 ms on and doubling. */
function pause(attempt: number, jitter: () => number): number {
  return jitter() * 100 * 2 ** (attempt - 1);
}

function unavailable(reason: string, seconds: number, cause?: unknown): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The authorization server cannot be asked now.', {
    reason,
    retryAfter: Math.max(1, Math.ceil(seconds)),
    cause,
  });
}
