import { randomBytes } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecretScan, describeFindings } from '../../src/secret-scan/scan.ts';
import { conventionProblems } from '../../src/trace/conventions.ts';
import { gatherTrace } from '../../src/trace/gather.ts';
import { ancestry, below, findSpans, type Trace, type TraceNode } from '../../src/trace/trace.ts';
import { post } from '../clients/fixture/mcp-http.ts';
import { keepPictures } from './fixture/artifacts.ts';
import { hop, hopsOf } from './fixture/hops.ts';
import {
  connectTraced,
  type Era,
  eras,
  startClientTracing,
  type TracedClient,
} from './fixture/traced-client.ts';
import type { TracedPlatform } from './fixture/traced-platform.ts';

const ours = new Set(['mcp-client', 'mcp-server', 'broker', 'downstream-api']);
const isRedis = ({ span }: TraceNode) => span.attributes['db.system.name'] === 'redis';
const scanFor = (values: readonly string[]) =>
  createSecretScan(values.map((value) => ({ kind: 'access token', value })));
const isFailed = ({ span }: TraceNode) => span.failed;

/** The scenarios of the trace, the same for each identity provider. */
export function describeTraces(
  provider: string,
  start: () => Promise<TracedPlatform>,
  { faults = false }: { readonly faults?: boolean } = {},
): void {
  describe(`the trace of a tool call, with ${provider}`, () => {
    let on: TracedPlatform;
    let stopClient: () => Promise<void>;
    const tokens: string[] = [];
    const seen: Trace[] = [];

    const connect = async (era: Era, username: string): Promise<TracedClient> => {
      const token = await on.idp.logIn(username);
      tokens.push(token);
      return connectTraced(era, on.urls.mcp, token);
    };
    /** The whole trace of a call; its root is the span of the client. */
    const gather = async (traceId: string, root?: string): Promise<Trace> => {
      const trace = await gatherTrace(on.spans, traceId, {
        parts: on.parts,
        facts: { 'the root': ({ nodes }) => nodes[0]?.span.parentSpanId === root },
        ...(root !== undefined && { root }),
      });
      seen.push(trace);
      return trace;
    };
    const only = (trace: Trace, service: string, name: string): TraceNode => {
      const [found, ...more] = findSpans(trace, { service, name });
      if (found === undefined || more.length > 0) throw new Error(`not one span "${name}" of ${service}`);
      return found;
    };

    beforeAll(async () => {
      on = await start();
      stopClient = await startClientTracing(on.receiverUrl);
      // Keys and metadata are read once by each process; afterwards a trace holds the call alone.
      const warm = await connect('2026-07-28', 'maria');
      await warm.call('list_expenses');
      await warm.close();
    });
    afterAll(async () => {
      await stopClient?.();
      await on?.stop();
    });

    describe.each(eras)('in revision %s', (era) => {
      let client: TracedClient;
      beforeAll(async () => {
        client = await connect(era, 'alice');
      });
      afterAll(() => client?.close());

      it(
        verifies(
          'op:traces',
          'goes from the client through server, broker, Redis and identity provider to the API',
        ),
        async () => {
          const trace = await gather((await client.call('list_expenses')).traceId);
          expect(hopsOf(trace, on.idp)).toEqual([
            hop(0, 'mcp-client', 'tools/call list_expenses'),
            hop(1, 'mcp-client', 'POST'),
            hop(2, 'mcp-server', 'POST /mcp'),
            hop(3, 'mcp-server', 'tools/call list_expenses'),
            hop(4, 'mcp-server', 'POST'),
            hop(5, 'broker', 'POST /token'),
            hop(6, 'broker', 'token exchange'),
            hop(7, 'broker', 'POST'),
            hop(8, on.idp.service, on.idp.tokenRequest),
            hop(4, 'mcp-server', 'GET'),
            hop(5, 'downstream-api', 'GET /expenses'),
          ]);
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
          keepPictures(`${on.idp.service}-${era}`, trace, `list_expenses for alice, MCP ${era}, ${provider}`);
        },
      );

      it(verifies('op:traces', 'of a second call has no span of the identity provider'), async () => {
        const trace = await gather((await client.call('list_expenses')).traceId);
        expect(hopsOf(trace, on.idp)).toEqual([
          hop(0, 'mcp-client', 'tools/call list_expenses'),
          hop(1, 'mcp-client', 'POST'),
          hop(2, 'mcp-server', 'POST /mcp'),
          hop(3, 'mcp-server', 'tools/call list_expenses'),
          hop(4, 'mcp-server', 'POST'),
          hop(5, 'broker', 'POST /token'),
          hop(6, 'broker', 'token exchange'),
          hop(4, 'mcp-server', 'GET'),
          hop(5, 'downstream-api', 'GET /expenses'),
        ]);
        expect(findSpans(trace, { service: on.idp.service, name: on.idp.tokenRequest })).toEqual([]);
        expect(only(trace, 'broker', 'token exchange').span.attributes['mcp_obo.cache']).toBe('hit');
        keepPictures(`${on.idp.service}-${era}-cached`, trace, `The same again, from the cache, MCP ${era}`);
      });

      it(
        verifies('op:traces', 'ends at the server when a scope is missing, and blames no server'),
        async () => {
          const args = { amount: 1, currency: 'EUR', description: 'Tea' };
          const trace = await gather((await client.call('submit_expense', args)).traceId);
          expect(hopsOf(trace, on.idp)).toEqual([
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
          const trace = await gather((await client.call('get_expense', { id: 'no-such-row' })).traceId);
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

    it(verifies('op:traces', 'of a machine has no user’s token exchanged'), async () => {
      const token = await on.idp.logInMachine();
      tokens.push(token);
      const machine = await connectTraced('2026-07-28', on.urls.mcp, token);
      const trace = await gather((await machine.call('nightly_totals')).traceId);
      await machine.close();
      // All calls of a machine share one token: whoever called before may have left it in the cache.
      const exchange = only(trace, 'broker', 'token exchange').span;
      const asked = exchange.attributes['mcp_obo.cache'] !== 'hit';
      expect(hopsOf(trace, on.idp)).toEqual([
        hop(0, 'mcp-client', 'tools/call nightly_totals'),
        hop(1, 'mcp-client', 'POST'),
        hop(2, 'mcp-server', 'POST /mcp'),
        hop(3, 'mcp-server', 'tools/call nightly_totals'),
        hop(4, 'mcp-server', 'POST'),
        hop(5, 'broker', 'POST /acme/oauth2/v2.0/token'),
        hop(6, 'broker', 'token exchange'),
        ...(asked ? [hop(7, 'broker', 'POST'), hop(8, on.idp.service, on.idp.tokenRequest)] : []),
        hop(4, 'mcp-server', 'GET'),
        hop(5, 'downstream-api', 'GET /totals'),
      ]);
      expect(exchange.attributes['mcp_obo.kind']).toBe('machine');
    });

    it(
      verifies('op:traces', 'of two users who call at once never holds a span or a record of the other'),
      async () => {
        const names = ['alice', 'bob'];
        const clients = await Promise.all(eras.flatMap((era) => names.map((name) => connect(era, name))));
        const calls = await Promise.all(
          Array.from({ length: 10 }, () => clients)
            .flat()
            .map(async (client, at) => ({ ...(await client.call('list_expenses')), name: names[at % 2] })),
        );
        await Promise.all(clients.map((client) => client.close()));
        const keys = new Map(on.users.map(({ username, sub }) => [username, sub]));
        const served = Map.groupBy(on.audit('downstream-api'), ({ trace_id }) => trace_id);
        const ids = new Set<string>();
        for (const { traceId, name } of calls) {
          const { nodes, roots } = await gather(traceId);
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

    const call = { name: 'list_expenses', arguments: {} };
    const ask = (params: object, headers: Record<string, string>, method = 'tools/call') =>
      post(on.urls.mcp, { jsonrpc: '2.0', id: 1, method, params }, headers);

    it.each([
      [
        'prompts/get',
        { name: 'review_expenses', arguments: {} },
        'prompts/get review_expenses',
        { 'gen_ai.prompt.name': 'review_expenses' },
      ],
      [
        'resources/read',
        { uri: 'expense://exp-1' },
        'resources/read',
        { 'mcp.resource.uri': 'expense://exp-1' },
      ],
      [
        'tools/call',
        { name: 'no_such_tool', arguments: {} },
        'tools/call',
        { 'rpc.response.status_code': '-32602', 'error.type': '-32602' },
      ],
    ])(
      verifies('op:traces', 'says what was asked for by %s %j'),
      async (method, params, name, attributes) => {
        const token = await on.idp.logIn(
          'alice',
          'mcp:tools:execute expenses:read mcp:prompts mcp:resources',
        );
        tokens.push(token);
        const traceId = randomBytes(16).toString('hex');
        const parent = randomBytes(8).toString('hex');
        await ask(
          params,
          { authorization: `Bearer ${token}`, traceparent: `00-${traceId}-${parent}-01` },
          method,
        );
        const trace = await gather(traceId, parent);
        expect(only(trace, 'mcp-server', name).span).toMatchObject({
          kind: 'server',
          attributes: { 'mcp.method.name': method, ...attributes },
        });
      },
    );

    it(verifies('op:traces', 'is the one that _meta names, linked to that of the HTTP request'), async () => {
      const [mine, http, parent] = [randomBytes(16), randomBytes(16), randomBytes(8)].map((id) =>
        id.toString('hex'),
      );
      const token = await on.idp.logIn('maria');
      tokens.push(token);
      await ask(
        { ...call, _meta: { traceparent: `00-${mine}-${parent}-01` } },
        { authorization: `Bearer ${token}`, traceparent: `00-${http}-${parent}-01` },
      );
      const trace = await gather(mine ?? '', parent);
      const operation = only(trace, 'mcp-server', 'tools/call list_expenses');
      const outer = await gather(http ?? '', parent);
      expect(ancestry(operation)).toEqual([operation]);
      expect(operation.span.links).toEqual([{ traceId: http, spanId: outer.roots[0]?.span.spanId }]);
      expect(hopsOf(outer, on.idp)).toEqual([hop(0, 'mcp-server', 'POST /mcp')]);
      expect(findSpans(trace, { service: 'downstream-api', kind: 'server' })).toHaveLength(1);
    });

    it(
      verifies('op:traces', 'has no span where the caller says so, and the audit has its id all the same'),
      async () => {
        const unsampled = randomBytes(16).toString('hex');
        for (const [traceId, flags] of [
          [unsampled, '00'],
          [randomBytes(16).toString('hex'), '01'],
        ] as const) {
          const parent = randomBytes(8).toString('hex');
          // A login of its own, so that both calls go as far as the identity provider.
          const token = await on.idp.logIn('audrey');
          tokens.push(token);
          const traceparent = `00-${traceId}-${parent}-${flags}`;
          const { status } = await ask(call, { authorization: `Bearer ${token}`, traceparent });
          expect(status).toBe(200);
          // Spans leave each process in order: when the second trace is whole, nothing of the first is to come.
          if (flags === '01') {
            const trace = await gather(traceId, parent);
            expect(findSpans(trace, { name: on.idp.tokenRequest })).toHaveLength(1);
          }
        }
        expect((await on.spans()).filter(({ traceId }) => traceId === unsampled)).toEqual([]);
        for (const part of ['mcp-server', 'broker', 'downstream-api'] as const) {
          const records = on.audit(part).filter(({ trace_id }) => trace_id === unsampled);
          expect([part, records.length > 0]).toEqual([part, true]);
        }
      },
    );

    if (faults) {
      it(
        verifies(
          ['op:traces', 'tb:retry'],
          'shows a fault that was over at the next attempt, and blames nobody above it',
        ),
        async () => {
          const bob = await connect('2026-07-28', 'bob');
          await on.idp.faultOnce?.();
          const trace = await gather((await bob.call('list_expenses')).traceId);
          await bob.close();
          const hops = hopsOf(trace, on.idp);
          expect(hops.slice(6, 11)).toEqual([
            hop(6, 'broker', 'token exchange'),
            hop(7, 'broker', 'POST ✗'),
            hop(8, on.idp.service, `${on.idp.tokenRequest} ✗`),
            hop(7, 'broker', 'POST'),
            hop(8, on.idp.service, on.idp.tokenRequest),
          ]);
          expect(trace.nodes.filter(isFailed)).toHaveLength(2);
          keepPictures(`${on.idp.service}-retried`, trace, 'An exchange that succeeds at the second attempt');
        },
      );
    }

    // The last calls, since the broker asks an identity provider in trouble less for a while.
    it.each(eras)(
      verifies('op:traces', 'has the error where it happened: an exchange that fails, in revision %s'),
      async (era) => {
        const bob = await connect(era, 'bob');
        const end = await on.idp.failExchange(tokens.at(-1) ?? '');
        try {
          const trace = await gather((await bob.call('list_expenses')).traceId);
          expect([...new Set(hopsOf(trace, on.idp))]).toEqual(on.idp.failedHops);
          expect(trace.nodes.filter(isRedis).filter(isFailed)).toEqual([]);
          keepPictures(`${on.idp.service}-${era}-failed`, trace, `An exchange that fails, MCP ${era}`);
        } finally {
          await end();
          await bob.close();
        }
      },
    );

    it(verifies('op:traces', 'keeps the semantic conventions in every span'), () => {
      expect(seen.length).toBeGreaterThan(40);
      expect(seen.flatMap((trace) => conventionProblems(trace, ours))).toEqual([]);
    });

    it(
      verifies(['op:redaction', 'tb:no-store'], 'holds no token, nor a piece of one, in any span'),
      async () => {
        const scan = scanFor(tokens);
        // The address of a login, which an identity provider may tell in its own spans, begins as the claims do.
        const scanIdp = scanFor(tokens.map((token) => token.split('.')[2] ?? ''));
        const [token = ''] = tokens;
        for (const find of [scan, scanIdp])
          expect(find({ place: 'planted', text: token.slice(-20) })).toHaveLength(1);
        const findings = (await on.spans()).flatMap((span) =>
          (span.service === 'keycloak' ? scanIdp : scan)({
            place: `"${span.name}" of ${span.service}`,
            text: JSON.stringify(span),
          }),
        );
        expect(describeFindings(findings)).toEqual([]);
      },
    );
  });
}
