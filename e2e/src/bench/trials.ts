import type { Trial } from './measurement.ts';
import { stalledKeys } from './trials/stalled-keys.ts';
import { upstreamCalls } from './trials/upstream-calls.ts';

/** Everything that is counted, in the order of the table. */
export const trials: readonly Trial[] = [stalledKeys, upstreamCalls];
