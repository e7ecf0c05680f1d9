import type { Cache, Scheduler } from '@mcp-obo/exchange';
import type { BrokerDeps } from '../deps.ts';
import { deliveryError } from './delivery-error.ts';
import type { Acknowledgement, PolledEvents, PollRequest } from './poll-request.ts';
import type { Receiver } from './receiver.ts';

export interface PollerOptions extends Pick<BrokerDeps, 'now' | 'log'> {
  /** Exact `iss` of the tokens. */
  readonly transmitter: string;
  readonly request: PollRequest;
  readonly receive: Receiver;
  /** Where replicas agree on who asks. */
  readonly cache: Pick<Cache, 'claim'>;
  /** Milliseconds between two polls. */
  readonly intervalMs: number;
  /** A number from 0 up to 1. */
  readonly jitter: () => number;
  readonly schedule: Scheduler;
  readonly onPoll: (outcome: 'ok' | 'failed') => void;
}

/** Fetches the events of one transmitter, over and over. */
export interface Poller {
  readonly start: () => void;
  /** Resolves when nothing is under way. What was fetched and not acted on by then comes again. */
  readonly stop: () => Promise<void>;
}

/** Polls for which a replica keeps its turn: one that lost it without knowing soon takes part again. */
const pollsPerTurn = 20;

/** Longest pause after faults, milliseconds. */
const longestPause = 60_000;

/**
 * Polls a transmitter (RFC 8936), one replica at a time: the turn is a claim to an entry that is never filled, which
 * ends with its holder. Two that poll at once, after a freeze, do no harm: a token that comes twice ends the same and
 * is acknowledged twice. Only what is on the list is acknowledged. While the list cannot be written to, the turn
 * cannot be had either, and nothing is asked for.
 */
export function createPoller(options: PollerOptions): Poller {
  const { transmitter, cache, intervalMs, now, log } = options;
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  let faults = 0;
  /** What the transmitter has not been told yet. */
  let untold: Acknowledgement = { ack: [], setErrs: {} };

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await takeTurn().catch(failed);
      await pause(faults > 0 ? pauseAfterFaults() : intervalMs);
    }
  }

  /** Waits for the turn, or polls until it is over. After a fault it is, as another replica may have none. */
  async function takeTurn(): Promise<void> {
    const claim = await cache.claim(`security-events:${transmitter}`, {
      expiresAt: now() + 60_000,
      tags: [],
    });
    if (claim.state === 'taken') await Promise.race([claim.ended, stopped]).finally(claim.dispose);
    if (claim.state !== 'held') return;
    try {
      for (let polls = 0; polls < pollsPerTurn && !stopping.signal.aborted; polls += 1)
        if (!(await poll())) await pause(intervalMs);
    } finally {
      await claim.release();
    }
  }

  /** Whether there is more to be had at once. */
  async function poll(): Promise<boolean> {
    const { sets, moreAvailable } = await options.request(untold, stopping.signal);
    untold = { ack: [], setErrs: {} };
    const done = await receiveAll(sets);
    if (faults > 0) log.info({ transmitter }, 'security events are fetched again');
    faults = 0;
    options.onPoll('ok');
    return moreAvailable && done > 0;
  }

  function failed(err: unknown): void {
    if (stopping.signal.aborted) return;
    faults += 1;
    options.onPoll('failed');
    if (faults === 1) log.warn({ transmitter, err }, 'security events cannot be fetched; it is tried again');
  }

  /** Acts on all tokens that it can, and throws when one must come again: it does not keep those behind it from us. */
  async function receiveAll(sets: PolledEvents['sets']): Promise<number> {
    const transmitters = new Set([transmitter]);
    let done = 0;
    let missed: unknown;
    for (const [tokenId, token] of sets) {
      if (stopping.signal.aborted) return done;
      try {
        await options.receive(token, { transmitters, tokenId });
        untold = { ...untold, ack: [...untold.ack, tokenId] };
      } catch (error) {
        const refused = deliveryError(error);
        if (refused === undefined) {
          missed ??= error;
          continue;
        }
        log.warn({ transmitter, err: error }, 'a security event is refused');
        untold = { ...untold, setErrs: { ...untold.setErrs, [tokenId]: refused } };
      }
      done += 1;
    }
    if (missed !== undefined) throw missed;
    return done;
  }

  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();

  async function pause(milliseconds: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const cancel = options.schedule(over.resolve, milliseconds);
    await Promise.race([over.promise, stopped]).finally(cancel);
  }

  /** Doubling from the interval on, with jitter, so that transmitters that come back are not met by all at once. */
  function pauseAfterFaults(): number {
    const longest = Math.min(longestPause, intervalMs * 2 ** faults);
    return longest * (0.5 + options.jitter() / 2);
  }

  return {
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      stop();
      await running;
    },
  };
}
