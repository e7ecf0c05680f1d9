import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { below, findSpans } from '../../../src/trace/trace.ts';
import { keepPictures } from '../fixture/artifacts.ts';
import { hop, hopsOf, hopsToApi } from '../fixture/hops.ts';
import { isFailed, isRedis, only, type TracedCalls } from '../fixture/traced-calls.ts';
import { eras, type TracedClient } from '../fixture/traced-client.ts';

const listing = { tool: 'list_expenses', api: 'GET /expenses' };

/** The way of one call: asked for, from the cache, refused, and failed at the API. */
export function describeOneCall(calls: TracedCalls, provider: string): void {
  describe.each(eras)('in revision %s', (era) => {
    let client: TracedClient;
    beforeAll(async () => {
      client = await calls.connect(era, 'alice');
    });
    afterAll(() => client?.close());

    it(
      verifies(
        'op:traces',
        'goes from the client through server, broker, Redis and identity provider to the API',
      ),
      async () => {
        const trace = await calls.gather((await client.call('list_expenses')).traceId);
        expect(hopsOf(trace, calls.on.idp)).toEqual(hopsToApi(calls.on.idp, { ...listing, asked: true }));
        expect(trace.nodes.filter(isFailed)).toEqual([]);
        expect(trace.roots).toHaveLength(1);

        const exchange = only(trace, 'broker', 'token exchange');
        expect(exchange.span.attributes).toMatchObject({
          'mcp_obo.cache': 'miss',
          'mcp_obo.target': 'expenses-api',
        });
        // As the broker saw it: an identity provider may end its own span after its answer has arrived.
        const asked = only(trace, 'broker', 'POST').span;
        const commands = below(exchange)
          .filter(isRedis)
          .map(({ span }) => span);
        expect(commands.some(({ start: at }) => at < asked.start)).toBe(true);
        expect(commands.some(({ start: at }) => at > asked.start + asked.duration)).toBe(true);
        // The token for the API is there before the API is asked.
        expect(only(trace, 'downstream-api', 'GET /expenses').span.start).toBeGreaterThanOrEqual(
          exchange.span.start + exchange.span.duration,
        );
        const operation = only(trace, 'mcp-server', 'tools/call list_expenses').span;
        expect(operation).toMatchObject({
          kind: 'server',
          attributes: { 'mcp.protocol.version': era, 'gen_ai.tool.name': 'list_expenses' },
          links: [],
        });
        keepPictures(
          `${calls.on.idp.service}-${era}`,
          trace,
          `list_expenses for alice, MCP ${era}, ${provider}`,
        );
      },
    );

    it(verifies('op:traces', 'of a second call has no span of the identity provider'), async () => {
      const trace = await calls.gather((await client.call('list_expenses')).traceId);
      expect(hopsOf(trace, calls.on.idp)).toEqual(hopsToApi(calls.on.idp, { ...listing, asked: false }));
      expect(findSpans(trace, { service: calls.on.idp.service, name: calls.on.idp.tokenRequest })).toEqual(
        [],
      );
      expect(only(trace, 'broker', 'token exchange').span.attributes['mcp_obo.cache']).toBe('hit');
      keepPictures(
        `${calls.on.idp.service}-${era}-cached`,
        trace,
        `The same again, from the cache, MCP ${era}`,
      );
    });

    it(
      verifies('op:traces', 'ends at the server when a scope is missing, and blames no server'),
      async () => {
        const args = { amount: 1, currency: 'EUR', description: 'Tea' };
        const trace = await calls.gather((await client.call('submit_expense', args)).traceId);
        expect(hopsOf(trace, calls.on.idp)).toEqual([
          hop(0, 'mcp-client', 'tools/call submit_expense ✗'),
          hop(1, 'mcp-client', 'POST ✗'),
          hop(2, 'mcp-server', 'POST /mcp'),
        ]);
        const answer = only(trace, 'mcp-server', 'POST /mcp').span;
        expect(answer.attributes['http.response.status_code']).toBe(403);
      },
    );

    it(
      verifies(
        'op:traces',
        'has the error where it happened: a row that is not there is the caller’s matter',
      ),
      async () => {
        const trace = await calls.gather((await client.call('get_expense', { id: 'no-such-row' })).traceId);
        expect(trace.nodes.filter(isFailed).map(({ span }) => `${span.service} ${span.name}`)).toEqual([
          'mcp-client tools/call get_expense',
          'mcp-server tools/call get_expense',
          'mcp-server GET',
        ]);
        const operation = only(trace, 'mcp-server', 'tools/call get_expense').span;
        expect(operation.attributes['error.type']).toBe('tool_error');
      },
    );
  });
}
