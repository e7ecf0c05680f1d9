import type { ReceivedSpan } from '@mcp-obo/platform/otlp';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ObservedFlow, playFlow } from './fixture/observed-flow.ts';
import { type ObservedPlatform, startObservedPlatform } from './fixture/observed-platform.ts';

let observed: ObservedPlatform;
let flow: ObservedFlow;
let spans: readonly ReceivedSpan[];
beforeAll(async () => {
  observed = await startObservedPlatform();
  flow = await playFlow(observed);
  const { otlp } = observed;
  // The client's own span is the last to end; those of the other processes are on their way by then.
  await otlp.waitFor((all) => serversOf(all, flow.traceId).size === 4 && all.some(isRoot));
  spans = otlp.spans().filter(({ traceId }) => traceId === flow.traceId);
});
afterAll(() => observed?.stop());

const isRoot = ({ traceId, service, parentSpanId }: ReceivedSpan) =>
  traceId === flow.traceId && service === 'mcp-client' && parentSpanId === undefined;
const serversOf = (all: readonly ReceivedSpan[], trace: string) =>
  new Set(
    all.filter(({ traceId, kind }) => traceId === trace && kind === 'server').map(({ service }) => service),
  );

/** Who called whom, from a span up to the root. */
function ancestry(span: ReceivedSpan): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  const here = `${span.service}: ${span.name}`;
  return parent === undefined ? [here] : [here, ...ancestry(parent)];
}

const spanOf = (service: string, name: string) => {
  const found = spans.find((span) => span.service === service && span.name === name);
  if (found === undefined) throw new Error(`no span ${name} of ${service}`);
  return found;
};

describe('the trace of one tool call', () => {
  const call = [
    'mcp-server: tools/call list_expenses',
    'mcp-server: POST /mcp',
    'mcp-client: POST',
    'mcp-client: alice calls list_expenses',
  ];

  it(verifies('op:traces', 'spans client, MCP server, broker, identity provider and API'), () => {
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(['mcp-client', 'mcp-server', 'broker', 'dev-idp', 'downstream-api']),
    );
    expect(spans.filter(({ failed }) => failed)).toEqual([]);
  });

  it(verifies('op:traces', 'has the exchange at the identity provider below the tool'), () => {
    expect(ancestry(spanOf('dev-idp', 'POST /acme/token'))).toEqual([
      'dev-idp: POST /acme/token',
      'broker: POST',
      'broker: token exchange',
      'broker: POST /token',
      'mcp-server: POST',
      ...call,
    ]);
  });

  it(verifies('op:traces', 'has the request to the API below the tool, after the exchange'), () => {
    const request = spanOf('downstream-api', 'GET /expenses');
    expect(ancestry(request)).toEqual(['downstream-api: GET /expenses', 'mcp-server: GET', ...call]);
    expect(request.start).toBeGreaterThan(spanOf('broker', 'token exchange').start);
  });

  it(verifies('op:traces', 'goes on where _meta says, without any header'), () => {
    const given = observed.otlp.spans().filter(({ traceId }) => traceId === flow.metaTraceId);
    const work = given.find(({ name }) => name === 'tools/call list_expenses');
    expect(work?.parentSpanId).toMatch(/^[0-9a-f]{16}$/);
    // What the tool needed was cached, so the identity provider has no part in it.
    expect(serversOf(given, flow.metaTraceId)).toEqual(new Set(['mcp-server', 'broker', 'downstream-api']));
  });

  it(verifies('op:traces', 'is the one that the audit records of all parts name'), () => {
    const files = observed.files();
    for (const part of ['mcp-server', 'broker', 'downstream-api']) {
      const records = (files[`${part}.audit.jsonl`] ?? '')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect([part, records.filter(({ trace_id }) => trace_id === flow.traceId).length > 0]).toEqual([
        part,
        true,
      ]);
    }
  });
});

describe('the metrics after the flow', () => {
  it.each([
    ['mcp-server', 'mcp_auth_failure_total', { reason: 'no_token' }, 5],
    ['mcp-server', 'mcp_tool_invocation_total', { tool: 'list_expenses', outcome: 'ok' }, 2],
    ['mcp-server', 'mcp_tool_invocation_total', { tool: 'submit_expense', outcome: 'ok' }, 1],
    ['mcp-server', 'mcp_tool_invocation_total', { tool: 'submit_expense', outcome: 'step_up' }, 1],
    ['mcp-server', 'mcp_tool_invocation_total', { tool: 'nightly_totals', outcome: 'ok' }, 1],
    ['mcp-server', 'mcp_jwks_refresh_total', { outcome: 'ok' }, 1],
    ['broker', 'mcp_obo_cache_total', { event: 'hit' }, 2],
    ['broker', 'mcp_obo_cache_total', { event: 'miss' }, 4],
    ['broker', 'mcp_idp_response_time_ms_count', { operation: 'exchange', outcome: 'ok' }, 2],
    ['broker', 'mcp_idp_response_time_ms_count', { operation: 'exchange', outcome: 'fault' }, 1],
    ['broker', 'mcp_obo_exchange_latency_ms_count', { target: 'expenses-api', outcome: 'cache' }, 2],
    ['downstream-api', 'mcp_auth_failure_total', { reason: 'audience' }, 1],
  ] as const)(verifies('op:metrics', '%s counts %s %j'), async (part, name, labels, value) => {
    const total = sample(await observed.metrics(part), name, labels);
    expect(total).toBe(value);
  });

  it(verifies('op:metrics', 'name no user'), async () => {
    for (const part of ['mcp-server', 'broker', 'downstream-api', 'dev-idp'] as const) {
      const text = await observed.metrics(part);
      for (const { sub, username } of observed.platform.users) {
        expect(text).not.toContain(sub);
        expect(text).not.toContain(`"${username}"`);
      }
    }
  });
});

/** Sum of the samples of that name with at least these labels (Prometheus text format). */
function sample(text: string, name: string, labels: Readonly<Record<string, string>>): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .filter((line) => Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
