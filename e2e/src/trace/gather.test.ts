import { describe, expect, it } from 'vitest';
import { gatherTrace, openEnds } from './gather.ts';
import { sampleAnswer, sampleRequest, sampleSpan, sampleTraceId } from './sample-spans.ts';
import { buildTrace, type Trace } from './trace.ts';

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
  const child = sampleSpan('child', 'parent');
  const parent = sampleSpan('parent', undefined);

  it('waits for what is missing', async () => {
    const arriving = [[], [child], [child, parent], [child, parent, sampleSpan('third', 'child')]];
    const read = async () => arriving.shift() ?? [];
    const facts = { 'a third span': ({ nodes }: Trace) => nodes.length === 3 };
    const trace = await gatherTrace(read, sampleTraceId, { parts, facts });
    expect(trace.nodes.map(({ span }) => span.spanId)).toEqual(['parent', 'child', 'third']);
  });

  it('says what is missing when it does not come', async () => {
    const facts = { 'a wonder': () => false };
    await expect(gatherTrace(() => [child], sampleTraceId, { parts, facts, timeout: 30 })).rejects.toThrow(
      `Trace ${sampleTraceId} is not whole after 30 ms. Missing:
  the parent of "child" of broker
  a wonder
Received:
  broker         child  10.0 ms`,
    );
  });
});
