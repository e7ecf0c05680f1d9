import { verifies } from '@mcp-obo/testbed/verifies';
import { expect, it } from 'vitest';
import { findSpans } from '../../../src/trace/trace.ts';
import { hopsOf, hopsToApi } from '../fixture/hops.ts';
import { only, type TracedCalls } from '../fixture/traced-calls.ts';
import { connectTraced, eras } from '../fixture/traced-client.ts';

/** Whose call it is: of a machine, and of two users at once. */
export function describeCallers(calls: TracedCalls): void {
  it(verifies('op:traces', 'of a machine has no user’s token exchanged'), async () => {
    const token = await calls.logInMachine();
    const machine = await connectTraced('2026-07-28', calls.on.urls.mcp, token);
    const trace = await calls.gather((await machine.call('nightly_totals')).traceId);
    await machine.close();
    // All calls of a machine share one token: whoever called before may have left it in the cache.
    const exchange = only(trace, 'broker', 'token exchange').span;
    const asked = exchange.attributes['mcp_obo.cache'] !== 'hit';
    expect(hopsOf(trace, calls.on.idp)).toEqual(
      hopsToApi(calls.on.idp, {
        tool: 'nightly_totals',
        api: 'GET /totals',
        tokenRequest: 'POST /acme/oauth2/v2.0/token',
        asked,
      }),
    );
    expect(exchange.attributes['mcp_obo.kind']).toBe('machine');
  });

  it(
    verifies('op:traces', 'of two users who call at once never holds a span or a record of the other'),
    async () => {
      const names = ['alice', 'bob'];
      const clients = await Promise.all(eras.flatMap((era) => names.map((name) => calls.connect(era, name))));
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => clients)
          .flat()
          .map(async (client, at) => ({ ...(await client.call('list_expenses')), name: names[at % 2] })),
      );
      await Promise.all(clients.map((client) => client.close()));
      const keys = new Map(calls.on.users.map(({ username, sub }) => [username, sub]));
      const served = Map.groupBy(calls.on.audit('downstream-api'), ({ trace_id }) => trace_id);
      const ids = new Set<string>();
      for (const { traceId, name } of answers) {
        const { nodes, roots } = await calls.gather(traceId);
        expect([
          roots.length,
          findSpans({ nodes }, { service: 'downstream-api', kind: 'server' }).length,
        ]).toEqual([1, 1]);
        for (const { span } of nodes) {
          expect(ids.has(span.spanId)).toBe(false);
          ids.add(span.spanId);
        }
        const users = served.get(traceId)?.map(({ user }) => (user as { key: string }).key);
        expect(new Set(users)).toEqual(new Set([keys.get(name ?? '')]));
      }
    },
  );
}
