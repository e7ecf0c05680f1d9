import { type Cache, createMemoryCache } from '@mcp-obo/exchange';
import { OAuthError } from '@mcp-obo/oauth-error';
import { createLogger } from '@mcp-obo/telemetry';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Acknowledgement, PollRequest } from './poll-request.ts';
import { createPoller } from './poller.ts';

const now = () => 1_795_262_400_000;
const nothing = { sets: new Map<string, string>(), moreAvailable: false };
const tokens = (...ids: readonly string[]) => new Map(ids.map((id) => [id, `token ${id}`]));
const refused = new OAuthError('invalid_token', 'No.', { reason: 'audience' });
const away = new OAuthError('temporarily_unavailable', 'Redis is away.', { reason: 'revocation_untold' });

interface SetUpOptions {
  /** What the transmitter answers, one after the other, and nothing new after that. */
  readonly answers?: readonly (Awaited<ReturnType<PollRequest>> | Error)[];
  /** What becomes of a token. */
  readonly outcome?: (tokenId: string | undefined) => Error | undefined;
  readonly cache?: Pick<Cache, 'claim'>;
}

/** A poller, what it told the transmitter, and the pauses that it makes until `tick` ends them. */
function setUp({
  answers = [],
  outcome = () => undefined,
  cache = createMemoryCache({ now }),
}: SetUpOptions = {}) {
  const told: Acknowledgement[] = [];
  const received: string[] = [];
  const pauses: number[] = [];
  const log: string[] = [];
  const outcomes: string[] = [];
  let resume: (() => void) | undefined;
  const left = [...answers];
  const poller = createPoller({
    transmitter: 'https://idp.example',
    cache,
    intervalMs: 1000,
    now,
    jitter: () => 1,
    log: createLogger({
      name: 'broker',
      level: 'trace',
      now,
      destination: { write: (line) => void log.push(line) },
    }),
    onPoll: (one) => void outcomes.push(one),
    async request(acknowledgement, signal) {
      signal.throwIfAborted();
      told.push(acknowledgement);
      const answer = left.shift() ?? nothing;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    async receive(token, { tokenId, transmitters }) {
      expect([...transmitters]).toEqual(['https://idp.example']);
      const error = outcome(tokenId);
      if (error !== undefined) throw error;
      received.push(token);
    },
    schedule(work, milliseconds) {
      pauses.push(milliseconds);
      resume = work;
      return () => {
        if (resume === work) resume = undefined;
      };
    },
  });
  onTestFinished(() => poller.stop());
  return {
    poller,
    told,
    received,
    pauses,
    log,
    outcomes,
    /** Waits for the next pause, and ends it. */
    tick: async () => {
      await expect.poll(() => resume, { interval: 1 }).toBeDefined();
      resume?.();
    },
    paused: () => expect.poll(() => resume, { interval: 1 }).toBeDefined(),
  };
}

describe('a poll for security events (RFC 8936)', () => {
  it(verifies('tb:revocation', 'acknowledges what was acted on, and says what never will be'), async () => {
    const { poller, told, received, tick, paused } = setUp({
      answers: [{ sets: tokens('a', 'b', 'c'), moreAvailable: false }],
      outcome: (id) => (id === 'b' ? refused : undefined),
    });
    poller.start();
    await tick();
    await paused();
    expect(received).toEqual(['token a', 'token c']);
    expect(told).toEqual([
      { ack: [], setErrs: {} },
      { ack: ['a', 'c'], setErrs: { b: { err: 'invalid_audience', description: expect.any(String) } } },
    ]);
  });

  it(
    verifies('tb:revocation', 'does not acknowledge what could not be acted on, and asks for it again'),
    async () => {
      let fault: Error | undefined = away;
      const { poller, told, received, tick, paused, outcomes } = setUp({
        answers: [
          { sets: tokens('a', 'b', 'c'), moreAvailable: true },
          { sets: tokens('b'), moreAvailable: false },
        ],
        outcome: (id) => (id === 'b' ? fault : undefined),
      });
      poller.start();
      await paused();
      expect([received, outcomes]).toEqual([['token a', 'token c'], ['failed']]);
      fault = undefined;
      await tick();
      await tick();
      await paused();
      expect(received).toEqual(['token a', 'token c', 'token b']);
      expect(told.map(({ ack }) => ack)).toEqual([[], ['a', 'c'], ['b']]);
    },
  );

  it('tells again what a transmitter did not hear', async () => {
    const { poller, told, tick, paused } = setUp({
      answers: [{ sets: tokens('a'), moreAvailable: false }, new Error('It was reset.')],
    });
    poller.start();
    await tick();
    await tick();
    await paused();
    expect(told.map(({ ack }) => ack)).toEqual([[], ['a'], ['a']]);
  });

  it('asks at once while there are more, and not of a transmitter that only says so', async () => {
    const { poller, told, paused, pauses } = setUp({
      answers: [
        { sets: tokens('a'), moreAvailable: true },
        { sets: tokens('b'), moreAvailable: true },
        { sets: new Map(), moreAvailable: true },
      ],
    });
    poller.start();
    await paused();
    expect([told.length, pauses]).toEqual([3, [1000]]);
  });

  it(verifies('tb:retry', 'waits longer from fault to fault, and says once that it cannot'), async () => {
    const faults = Array.from({ length: 8 }, () => new Error('The transmitter answered with status 500.'));
    const { poller, tick, paused, pauses, log } = setUp({ answers: faults });
    poller.start();
    for (const _ of faults) await tick();
    await paused();
    expect(pauses).toEqual([2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 1000]);
    expect(log.map((line) => JSON.parse(line).msg)).toEqual([
      'security events cannot be fetched; it is tried again',
      'security events are fetched again',
    ]);
  });

  it(
    verifies('tb:revocation', 'is made by one replica, and by another when that ends or fails'),
    async () => {
      const cache = createMemoryCache({ now });
      const one = setUp({ cache, answers: [nothing, nothing, new Error('The way is cut.')] });
      const other = setUp({ cache });
      one.poller.start();
      await one.paused();
      other.poller.start();
      await one.tick();
      await one.paused();
      expect([one.told.length, other.told.length]).toEqual([2, 0]);
      await one.tick();
      await other.tick();
      await other.paused();
      expect([one.told.length, other.told.length]).toEqual([3, 1]);
      await one.tick();
      await other.poller.stop();
      await one.tick();
      await one.paused();
      expect(one.told).toHaveLength(4);
    },
  );

  it(
    verifies('tb:revocation', 'is not made while nobody can say whose turn it is: nothing could be acted on'),
    async () => {
      const { poller, told, tick, paused } = setUp({ cache: { claim: async () => ({ state: 'unknown' }) } });
      poller.start();
      await tick();
      await tick();
      await paused();
      expect(told).toEqual([]);
    },
  );

  it(
    verifies('tb:health', 'ends where it is when the process drains, and gives its turn to another'),
    async () => {
      const cache = createMemoryCache({ now });
      const acting = Promise.withResolvers<void>();
      const { poller, told, received } = setUp({
        cache,
        answers: [{ sets: tokens('a', 'b'), moreAvailable: true }],
        outcome: () => {
          acting.resolve();
          return undefined;
        },
      });
      poller.start();
      await acting.promise;
      await poller.stop();
      expect([told.length, received]).toEqual([1, ['token a']]);
      const next = setUp({ cache });
      next.poller.start();
      await next.paused();
      expect(next.told).toHaveLength(1);
    },
  );
});
