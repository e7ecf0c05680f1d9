import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conventionProblems } from '../../src/trace/conventions.ts';
import { gatherTrace } from '../../src/trace/gather.ts';
import { outline } from '../../src/trace/outline.ts';
import { findSpans, type Trace } from '../../src/trace/trace.ts';
import {
  connectTraced,
  type Era,
  eras,
  startClientTracing,
  type TracedClient,
} from './fixture/traced-client.ts';
import type { TracedPlatform } from './fixture/traced-platform.ts';

const ours = new Set(['mcp-client', 'mcp-server', 'broker', 'downstream-api']);

/** The scenarios of the trace, the same for each identity provider. */
export function describeTraces(name: string, start: () => Promise<TracedPlatform>): void {
  describe(`the trace of a tool call, with ${name}`, () => {
    let on: TracedPlatform;
    let stopClient: () => Promise<void>;
    const seen: Trace[] = [];
    beforeAll(async () => {
      on = await start();
      stopClient = await startClientTracing(on.otlp.url);
      // Keys and metadata are read once by each process; afterwards a trace holds the call alone.
      const warm = await connect('2026-07-28', 'maria');
      await warm.call('list_expenses');
      await warm.close();
    });
    afterAll(async () => {
      await stopClient?.();
      await on?.stop();
    });

    const connect = async (era: Era, username: string, scope?: string): Promise<TracedClient> =>
      connectTraced(era, on.urls.mcp, await on.idp.logIn(username, scope));
    const gather = async (traceId: string): Promise<Trace> => {
      const trace = await gatherTrace(on.otlp, traceId, {
        parts: on.parts,
        facts: {
          'the span of the client': (all) =>
            findSpans(all, { service: 'mcp-client', kind: 'client' }).length > 1,
        },
      });
      seen.push(trace);
      return trace;
    };
    /** The hops, without what Redis and the reading of metadata and keys add. */
    const hops = (trace: Trace) =>
      outline(trace, {
        times: false,
        keep: ({ attributes, name: spanName, service }) =>
          attributes['db.system.name'] === undefined &&
          !/\.well-known|\/jwks$|\/certs$/.test(`${attributes['url.path']} ${spanName}`) &&
          (service !== on.idp.service || spanName === on.idp.tokenRequest),
      });
    const to = (depth: number, service: string, spanName: string) =>
      `${'  '.repeat(depth)}${service.padEnd(14)} ${spanName}`;

    describe.each(eras)('in revision %s', (era) => {
      let client: TracedClient;
      beforeAll(async () => {
        client = await connect(era, 'alice');
      });
      afterAll(() => client?.close());

      it(
        verifies('op:traces', 'goes from the client through server, broker and identity provider to the API'),
        async () => {
          const trace = await gather((await client.call('list_expenses')).traceId);
          expect(hops(trace)).toEqual([
            to(0, 'mcp-client', 'tools/call list_expenses'),
            to(1, 'mcp-client', 'POST'),
            to(2, 'mcp-server', 'POST /mcp'),
            to(3, 'mcp-server', 'tools/call list_expenses'),
            to(4, 'mcp-server', 'POST'),
            to(5, 'broker', 'POST /token'),
            to(6, 'broker', 'token exchange'),
            to(7, 'broker', 'POST'),
            to(8, on.idp.service, on.idp.tokenRequest),
            to(4, 'mcp-server', 'GET'),
            to(5, 'downstream-api', 'GET /expenses'),
          ]);
          expect(trace.nodes.filter(({ span }) => span.failed)).toEqual([]);
        },
      );
    });

    it(verifies('op:traces', 'keeps the semantic conventions in every span'), () => {
      expect(seen.length).toBeGreaterThan(1);
      expect(seen.flatMap((trace) => conventionProblems(trace, ours))).toEqual([]);
    });
  });
}
