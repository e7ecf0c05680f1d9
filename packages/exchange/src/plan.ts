import type { Expectation } from './answer.ts';
import type { EngineOptions } from './contract.ts';
import type { Obtained } from './obtained.ts';
import type { UpstreamAnswer } from './upstream/upstream.ts';

/** A request that may be made: what to ask, what to expect, and where the answer is kept. */
export interface Plan {
  readonly operation: 'exchange' | 'client_credentials';
  /** Asks, and gives up at the deadline (milliseconds since the epoch). */
  readonly ask: (deadline: number) => Promise<UpstreamAnswer>;
  readonly expected: Expectation;
  /** Where the answer is kept. */
  readonly key: string;
  /** Identical work. Differs from `key` when there is a claims challenge: its answer replaces the entry. */
  readonly flightKey: string;
  readonly tags: readonly string[];
  /** By whom the answer is obtained; absent where the issuer cannot revoke it. */
  readonly obtained?: Obtained;
  /** The caller it is for. */
  readonly client: string;
  /** Seconds since the epoch after which no answer is kept, whatever it says. */
  readonly latest: number;
}

/** What of a plan finds its answer where it is kept. */
export type KeptPlan = Pick<Plan, 'key' | 'flightKey' | 'tags' | 'expected'>;

/** What planning needs of the engine's options. */
export type Wiring = Required<
  Pick<EngineOptions, 'targets' | 'upstreams' | 'policy' | 'now' | 'maxActorDepth'>
>;
