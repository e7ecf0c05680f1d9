import { verifies } from '@mcp-obo/testbed/verifies';
import { expect, it } from 'vitest';
import { keepPictures } from '../fixture/artifacts.ts';
import { hop, hopsOf } from '../fixture/hops.ts';
import { isFailed, isRedis, type TracedCalls } from '../fixture/traced-calls.ts';
import { eras } from '../fixture/traced-client.ts';

/** The identity provider in trouble, for a moment (where it has `faults`) and for longer. */
export function describeFailures(calls: TracedCalls, faults: boolean): void {
  if (faults) {
    it(
      verifies(
        ['op:traces', 'tb:retry'],
        'shows a fault that was over at the next attempt, and blames nobody above it',
      ),
      async () => {
        const bob = await calls.connect('2026-07-28', 'bob');
        await calls.on.idp.faultOnce?.();
        const trace = await calls.gather((await bob.call('list_expenses')).traceId);
        await bob.close();
        const hops = hopsOf(trace, calls.on.idp);
        expect(hops.slice(6, 11)).toEqual([
          hop(6, 'broker', 'token exchange'),
          hop(7, 'broker', 'POST ✗'),
          hop(8, calls.on.idp.service, `${calls.on.idp.tokenRequest} ✗`),
          hop(7, 'broker', 'POST'),
          hop(8, calls.on.idp.service, calls.on.idp.tokenRequest),
        ]);
        expect(trace.nodes.filter(isFailed)).toHaveLength(2);
        keepPictures(
          `${calls.on.idp.service}-retried`,
          trace,
          'An exchange that succeeds at the second attempt',
        );
      },
    );
  }

  // The last calls, since the broker asks an identity provider in trouble less for a while.
  it.each(eras)(
    verifies('op:traces', 'has the error where it happened: an exchange that fails, in revision %s'),
    async (era) => {
      const bob = await calls.connect(era, 'bob');
      const end = await calls.on.idp.failExchange(calls.tokens.at(-1) ?? '');
      try {
        const trace = await calls.gather((await bob.call('list_expenses')).traceId);
        expect([...new Set(hopsOf(trace, calls.on.idp))]).toEqual(calls.on.idp.failedHops);
        expect(trace.nodes.filter(isRedis).filter(isFailed)).toEqual([]);
        keepPictures(`${calls.on.idp.service}-${era}-failed`, trace, `An exchange that fails, MCP ${era}`);
      } finally {
        await end();
        await bob.close();
      }
    },
  );
}
