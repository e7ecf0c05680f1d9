import { startOtlpReceiver } from '@mcp-obo/platform/otlp';
import { describe, expect, it } from 'vitest';
import { gatherTrace, openEnds } from './gather.ts';
import { sampleAnswer, sampleRequest, sampleSpan, sampleTraceId } from './sample-spans.ts';
import { buildTrace } from './trace.ts';

const parts = { 'http://127.0.0.1:4001': 'broker' };
const root = sampleSpan('root', undefined, { service: 'mcp-server' });
const request = sampleSpan('request', 'root', { ...sampleRequest, service: 'mcp-server' });
const answer = sampleSpan('answer', 'request', sampleAnswer);
const endsOf = (...spans: (typeof root)[]) => openEnds(buildTrace(spans, sampleTraceId), { parts });

describe('openEnds', () => {
  it('are none when every parent has come, and an answer for each request between the parts', () => {
    expect(endsOf(root, request, answer)).toEqual([]);
  });

  it.each([
    ['the span of the part that answered', [root, request], 'what broker did for "POST" of mcp-server'],
    ['a parent', [request, answer], 'the parent of "POST" of mcp-server'],
    ['everything', [], 'any span'],
  ])('are there while this is missing: %s', (_case, spans, end) => {
    expect(endsOf(...spans)).toEqual([end]);
  });

  it.each([
    ['has sent no span because it is no part', { 'url.full': 'https://elsewhere.example/token' }],
    ['makes none for its health', { 'url.full': 'http://127.0.0.1:4001/health' }],
    ['was never reached', { 'http.response.status_code': undefined, 'error.type': 'ECONNREFUSED' }],
  ])('are none where the other side %s', (_case, change) => {
    const attributes = { ...request.attributes, ...change };
    expect(endsOf(root, { ...request, attributes })).toEqual([]);
  });

  it('are none for a parent that the caller keeps to itself', () => {
    const trace = buildTrace([answer], sampleTraceId);
    expect(openEnds(trace, { parts, root: 'request' })).toEqual([]);
    expect(openEnds(trace, { parts })).toHaveLength(1);
  });
});

describe('gatherTrace', () => {
  const otlp = (...spans: object[]) => JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const span = (spanId: string, parentSpanId?: string) => ({
    traceId: sampleTraceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name: spanId,
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000000001000000',
  });

  it('waits for what is missing, and says what that is when it does not come', async () => {
    const receiver = await startOtlpReceiver();
    const send = (body: string) =>
      fetch(`${receiver.url}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
    try {
      await send(otlp(span('child', 'parent')));
      await expect(gatherTrace(receiver, sampleTraceId, { parts, timeout: 50 })).rejects.toThrow(
        /not whole after 50 ms\. Missing:\n {2}the parent of "child" of unknown\nReceived:\n {2}unknown +child/,
      );
      const facts = { 'a third span': ({ nodes }: { nodes: readonly unknown[] }) => nodes.length > 2 };
      const gathering = gatherTrace(receiver, sampleTraceId, { parts, facts, timeout: 5000 });
      await send(otlp(span('parent')));
      await send(otlp(span('other', 'parent')));
      expect((await gathering).nodes).toHaveLength(3);
      const never = { 'a wonder': () => false };
      await expect(
        gatherTrace(receiver, sampleTraceId, { parts, facts: never, timeout: 50 }),
      ).rejects.toThrow('Missing:\n  a wonder\n');
    } finally {
      await receiver.close();
    }
  });
});
