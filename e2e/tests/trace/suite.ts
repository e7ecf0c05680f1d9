import { afterAll, beforeAll, describe } from 'vitest';
import { traceCalls } from './fixture/traced-calls.ts';
import type { TracedPlatform } from './fixture/traced-platform.ts';
import { describeCallers } from './suite/callers.ts';
import { describeEverySpan } from './suite/every-span.ts';
import { describeFailures } from './suite/failures.ts';
import { describeOneCall } from './suite/one-call.ts';
import { describePropagation } from './suite/propagation.ts';

/** The scenarios of the trace, the same for each identity provider. */
export function describeTraces(
  provider: string,
  start: () => Promise<TracedPlatform>,
  { faults = false }: { readonly faults?: boolean } = {},
): void {
  describe(`the trace of a tool call, with ${provider}`, () => {
    const calls = traceCalls(start);
    beforeAll(calls.start);
    afterAll(calls.stop);

    describeOneCall(calls, provider);
    describeCallers(calls);
    describePropagation(calls);
    // The last calls, since the broker asks an identity provider in trouble less for a while.
    describeFailures(calls, faults);
    describeEverySpan(calls);
  });
}
