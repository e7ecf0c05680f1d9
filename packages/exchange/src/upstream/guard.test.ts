import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemScheduler } from '../scheduler.ts';
import { type BreakerState, createGuard, type GuardOptions } from './guard.ts';
import { UpstreamFailure } from './upstream-failure.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const errorOf = (
  code: 'temporarily_unavailable' | 'invalid_token' | 'server_error',
  reason: string,
  retryAfter?: number,
) =>
  new OAuthError(code, 'no', {
    reason,
    retryAfter: retryAfter ?? 5,
    cause: new UpstreamFailure('no', { retryAfter }),
  });
const fault = (retryAfter?: number) => errorOf('temporarily_unavailable', 'upstream_fault', retryAfter);
const throttled = (retryAfter?: number) =>
  errorOf('temporarily_unavailable', 'upstream_throttled', retryAfter);

function open(over: Partial<GuardOptions> = {}) {
  const states: BreakerState[] = [];
  const guard = createGuard({
    retries: 2,
    concurrency: 3,
    queue: 4,
    openMs: 5000,
    now: Date.now,
    jitter: () => 1,
    schedule: systemScheduler,
    onState: (state) => states.push(state),
    ...over,
  });
  /** What became of a request, and when. */
  const ask = (work: () => Promise<string>, { registration = 'a', within = 10_000 } = {}) => {
    const started = Date.now();
    const outcome = { after: -1, value: '', reason: '', retryAfter: 0 };
    const done = guard(registration, started + within, work).then(
      (value) => Object.assign(outcome, { value, after: Date.now() - started }),
      ({ reason, retryAfter }) => Object.assign(outcome, { reason, retryAfter, after: Date.now() - started }),
    );
    return { outcome, done };
  };
  return { ask, states };
}

/** Answers of the provider in order, the last again and again. */
function provider(...answers: (string | Error)[]) {
  const asked: number[] = [];
  const work = async () => {
    asked.push(Date.now());
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (typeof answer === 'string') return answer;
    throw answer;
  };
  return { work, asked };
}

const hang = () => new Promise<never>(() => undefined);

describe('retries', () => {
  it(verifies('tb:retry', 'ask again after a fault, with pauses that grow'), async () => {
    const { ask } = open();
    const { work, asked } = provider(fault(), fault(), 'token');
    const { outcome } = ask(work);
    await vi.advanceTimersByTimeAsync(1000);
    expect(outcome).toMatchObject({ value: 'token', after: 300 });
    expect(asked.map((at) => at - (asked[0] ?? 0))).toEqual([0, 100, 300]);
  });

  it(verifies('tb:retry', 'are so many, and then the fault is told'), async () => {
    const { ask } = open();
    const { work, asked } = provider(fault());
    const { outcome } = ask(work);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toHaveLength(3);
    expect(outcome).toMatchObject({ reason: 'upstream_fault', retryAfter: 5 });
  });

  it(verifies('tb:retry', 'are spread by chance, from no pause to the longest'), async () => {
    await fc.assert(
      fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (chance) => {
        const { ask } = open({ jitter: () => chance });
        const { work, asked } = provider(fault(), 'token');
        ask(work);
        await vi.advanceTimersByTimeAsync(100);
        expect(asked).toHaveLength(2);
        const pause = (asked[1] ?? 0) - (asked[0] ?? 0);
        expect(pause).toBeGreaterThanOrEqual(Math.floor(chance * 100));
        expect(pause).toBeLessThanOrEqual(Math.ceil(chance * 100) + 10);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['a refusal of the subject', errorOf('invalid_token', 'subject_refused')],
    ['a refused registration', errorOf('server_error', 'upstream_credential')],
    ['a throttle', throttled()],
    ['a request loop', errorOf('temporarily_unavailable', 'upstream_loop')],
  ])(verifies('tb:retry', 'never follow %s'), async (_what, error) => {
    const { ask } = open();
    const { work, asked } = provider(error, 'token');
    const { outcome } = ask(work);
    await vi.advanceTimersByTimeAsync(9000);
    expect(asked).toHaveLength(1);
    expect(outcome.reason).toBe(error.reason);
  });

  it(verifies('tb:retry', 'wait as long as the provider says where that is short'), async () => {
    const { ask } = open({ jitter: () => 0 });
    const { work, asked } = provider(fault(2), 'token');
    const { outcome } = ask(work);
    await vi.advanceTimersByTimeAsync(1999);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(outcome).toMatchObject({ value: 'token', after: 2000 });
  });

  it(verifies('tb:retry', 'are not begun when there is no time left for them'), async () => {
    const { ask } = open();
    const { work, asked } = provider(fault());
    const { outcome } = ask(work, { within: 300 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toHaveLength(2);
    expect(outcome.after).toBeLessThanOrEqual(300);
  });
});

describe('what the provider says about waiting', () => {
  it.each([
    ['a throttle', throttled(17)],
    ['a fault with Retry-After', fault(17)],
  ])(
    verifies('tb:retry', 'P05 %s: the registration is not asked again until then, whatever it asks for'),
    async (_what, error) => {
      const { ask } = open();
      const { work, asked } = provider(error, 'token');
      await ask(work).done;
      await vi.advanceTimersByTimeAsync(10_000);
      const { outcome, done } = ask(work);
      await done;
      expect(outcome).toMatchObject({ reason: 'upstream_throttled', retryAfter: 7, after: 0 });
      expect(asked).toHaveLength(1);
      const other = ask(provider('theirs').work, { registration: 'b' });
      await other.done;
      expect(other.outcome.value).toBe('theirs');
      await vi.advanceTimersByTimeAsync(7000);
      const again = ask(work);
      await again.done;
      expect(again.outcome.value).toBe('token');
    },
  );

  it(verifies('tb:retry', 'is believed for five minutes at most'), async () => {
    const { ask } = open();
    const { work, asked } = provider(throttled(3600), 'token');
    await ask(work).done;
    await vi.advanceTimersByTimeAsync(300_000);
    await ask(work).done;
    expect(asked).toHaveLength(2);
  });
});

describe('the breaker', () => {
  async function broken() {
    const parts = open({ retries: 0 });
    const { work, asked } = provider(fault());
    for (let index = 0; index < 12; index += 1) {
      await parts.ask(work).done;
      await vi.advanceTimersByTimeAsync(500);
    }
    return { ...parts, asked };
  }

  it(
    verifies('tb:retry', 'opens when most requests are faults: none is sent, and the caller is told'),
    async () => {
      const { ask, states, asked } = await broken();
      expect(states).toEqual(['open']);
      const before = asked.length;
      const { outcome, done } = ask(async () => 'token');
      await done;
      expect(outcome).toMatchObject({ reason: 'upstream_open', retryAfter: 5, after: 0 });
      expect(asked.length).toBe(before);
    },
  );

  it(
    verifies('tb:retry', 'lets one request through after its time, and closes when that is well'),
    async () => {
      const { ask, states } = await broken();
      await vi.advanceTimersByTimeAsync(5000);
      let sent = 0;
      const probe = Promise.withResolvers<string>();
      const work = () => {
        sent += 1;
        return probe.promise;
      };
      const asks = [ask(work), ask(work), ask(work)];
      await vi.advanceTimersByTimeAsync(10);
      expect(sent).toBe(1);
      probe.resolve('token');
      await Promise.all(asks.map(({ done }) => done));
      expect(states).toEqual(['open', 'half_open', 'closed']);
      expect(asks.map(({ outcome }) => outcome.value)).toEqual(['token', 'token', 'token']);
    },
  );

  it(verifies('tb:retry', 'does not open for refusals, throttles or too many requests'), async () => {
    const { ask, states } = open({ retries: 0, queue: 0 });
    for (const error of [errorOf('invalid_token', 'subject_refused'), throttled(1)]) {
      for (let index = 0; index < 30; index += 1) {
        await ask(provider(error).work).done;
        await vi.advanceTimersByTimeAsync(1100);
      }
    }
    for (let index = 0; index < 30; index += 1) void ask(hang).done;
    await vi.advanceTimersByTimeAsync(1000);
    expect(states).toEqual([]);
  });
});

describe('too many requests at once', () => {
  it(
    verifies('tb:retry', 'P08 so many are under way, so many wait, and the rest is refused at once'),
    async () => {
      const { ask } = open({ retries: 0 });
      let running = 0;
      let most = 0;
      const work = async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 100));
        running -= 1;
        return 'token';
      };
      const asks = Array.from({ length: 20 }, () => ask(work));
      await vi.advanceTimersByTimeAsync(0);
      const refused = asks.filter(({ outcome }) => outcome.reason === 'overloaded');
      expect(refused).toHaveLength(13);
      expect(refused.every(({ outcome }) => outcome.after === 0 && outcome.retryAfter === 1)).toBe(true);
      await vi.advanceTimersByTimeAsync(1000);
      expect(asks.filter(({ outcome }) => outcome.value === 'token')).toHaveLength(7);
      expect(most).toBe(3);
    },
  );

  it(
    verifies(
      'tb:retry',
      'P08 who waits for a turn beyond its deadline is refused, and is not asked for any more',
    ),
    async () => {
      const { ask } = open({ retries: 0 });
      let asked = 0;
      const slow = () => {
        asked += 1;
        return new Promise<string>((resolve) => setTimeout(resolve, 3000, 'token'));
      };
      const running = [1, 2, 3].map(() => ask(slow));
      const waiting = ask(slow, { within: 1000 });
      await vi.advanceTimersByTimeAsync(1000);
      expect(waiting.outcome).toMatchObject({ reason: 'deadline', after: 1000 });
      await vi.advanceTimersByTimeAsync(5000);
      expect(running.map(({ outcome }) => outcome.value)).toEqual(['token', 'token', 'token']);
      expect(asked).toBe(3);
    },
  );

  it(verifies('tb:retry', 'no request takes longer than its deadline'), async () => {
    const { ask } = open();
    const { outcome } = ask(hang, { within: 1234 });
    await vi.advanceTimersByTimeAsync(1234);
    expect(outcome).toMatchObject({ reason: 'deadline', after: 1234 });
  });
});
