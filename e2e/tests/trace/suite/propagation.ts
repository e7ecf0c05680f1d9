import { randomBytes } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import { expect, it } from 'vitest';
import { ancestry, findSpans } from '../../../src/trace/trace.ts';
import { post } from '../../clients/fixture/mcp-http.ts';
import { hop, hopsOf } from '../fixture/hops.ts';
import { only, type TracedCalls } from '../fixture/traced-calls.ts';

/** What the request itself says of its trace. */
export function describePropagation(calls: TracedCalls): void {
  const call = { name: 'list_expenses', arguments: {} };
  const ask = (params: object, headers: Record<string, string>, method = 'tools/call') =>
    post(calls.on.urls.mcp, { jsonrpc: '2.0', id: 1, method, params }, headers);

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
  ])(verifies('op:traces', 'says what was asked for by %s %j'), async (method, params, name, attributes) => {
    const token = await calls.logIn('alice', 'mcp:tools:execute expenses:read mcp:prompts mcp:resources');
    const traceId = randomBytes(16).toString('hex');
    const parent = randomBytes(8).toString('hex');
    await ask(
      params,
      { authorization: `Bearer ${token}`, traceparent: `00-${traceId}-${parent}-01` },
      method,
    );
    const trace = await calls.gather(traceId, parent);
    expect(only(trace, 'mcp-server', name).span).toMatchObject({
      kind: 'server',
      attributes: { 'mcp.method.name': method, ...attributes },
    });
  });

  it(verifies('op:traces', 'is the one that _meta names, linked to that of the HTTP request'), async () => {
    const [mine, http, parent] = [randomBytes(16), randomBytes(16), randomBytes(8)].map((id) =>
      id.toString('hex'),
    );
    const token = await calls.logIn('maria');
    await ask(
      { ...call, _meta: { traceparent: `00-${mine}-${parent}-01` } },
      { authorization: `Bearer ${token}`, traceparent: `00-${http}-${parent}-01` },
    );
    const trace = await calls.gather(mine ?? '', parent);
    const operation = only(trace, 'mcp-server', 'tools/call list_expenses');
    const outer = await calls.gather(http ?? '', parent);
    expect(ancestry(operation)).toEqual([operation]);
    expect(operation.span.links).toEqual([{ traceId: http, spanId: outer.roots[0]?.span.spanId }]);
    expect(hopsOf(outer, calls.on.idp)).toEqual([hop(0, 'mcp-server', 'POST /mcp')]);
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
        const token = await calls.logIn('audrey');
        const traceparent = `00-${traceId}-${parent}-${flags}`;
        const { status } = await ask(call, { authorization: `Bearer ${token}`, traceparent });
        expect(status).toBe(200);
        // Spans leave each process in order: when the second trace is whole, nothing of the first is to come.
        if (flags === '01') {
          const trace = await calls.gather(traceId, parent);
          expect(findSpans(trace, { name: calls.on.idp.tokenRequest })).toHaveLength(1);
        }
      }
      expect((await calls.on.spans()).filter(({ traceId }) => traceId === unsampled)).toEqual([]);
      for (const part of ['mcp-server', 'broker', 'downstream-api'] as const) {
        const records = calls.on.audit(part).filter(({ trace_id }) => trace_id === unsampled);
        expect([part, records.length > 0]).toEqual([part, true]);
      }
    },
  );
}
