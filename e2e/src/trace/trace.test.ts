import { describe, expect, it } from 'vitest';
import { outline } from './outline.ts';
import { sampleSpan, sampleTraceId } from './sample-spans.ts';
import { ancestry, below, buildTrace, deepestFailure, findSpans, subtrace } from './trace.ts';

const spans = [
  sampleSpan('leaf', 'early', { start: 12 }),
  sampleSpan('late', 'root', { start: 20, service: 'redis', failed: true }),
  sampleSpan('later', 'root', { start: 30, name: 'late', service: 'redis', failed: true }),
  sampleSpan('early', 'root', { start: 10, kind: 'client' }),
  sampleSpan('root', 'not received', { service: 'client' }),
  sampleSpan('early', 'root', { start: 10, kind: 'client' }),
  sampleSpan('stranger', undefined, { traceId: 'b'.repeat(32) }),
];
const trace = buildTrace(spans, sampleTraceId);

describe('buildTrace', () => {
  it('puts each span once below its parent, in order of time, whatever order they come in', () => {
    expect(trace.nodes.map(({ span, depth }) => [span.spanId, depth])).toEqual([
      ['root', 0],
      ['early', 1],
      ['leaf', 2],
      ['late', 1],
      ['later', 1],
    ]);
    expect(trace.roots).toEqual([trace.nodes[0]]);
  });

  it('takes a span whose parent did not come for a root', () => {
    const two = buildTrace([sampleSpan('a', 'x'), sampleSpan('b', 'y', { start: 1 })], sampleTraceId);
    expect(two.roots.map(({ span }) => span.spanId)).toEqual(['a', 'b']);
    expect(buildTrace(spans, 'c'.repeat(32)).nodes).toEqual([]);
  });

  it('can be walked up, down and searched', () => {
    const [leaf] = findSpans(trace, { name: 'leaf' });
    expect(leaf && ancestry(leaf).map(({ span }) => span.spanId)).toEqual(['leaf', 'early', 'root']);
    const [root] = findSpans(trace, { service: 'client' });
    expect(root && below(root).map(({ span }) => span.spanId)).toEqual(['early', 'leaf', 'late', 'later']);
    expect(findSpans(trace, { kind: 'client', name: /^ea/ })).toHaveLength(1);
    expect(findSpans(trace, { kind: 'client', service: 'redis' })).toEqual([]);
  });
});

describe('parts of a trace', () => {
  it('begin with the spans of a name, as if nothing were above them', () => {
    expect(subtrace(trace, 'early').nodes.map(({ span, depth }) => [span.spanId, depth])).toEqual([
      ['early', 0],
      ['leaf', 1],
    ]);
    expect(subtrace(trace, 'late').roots.map(({ span }) => span.spanId)).toEqual(['late', 'later']);
    expect(subtrace(trace, 'no such').nodes).toEqual([]);
  });

  it('tell where the trouble began: the deepest failure, the latest of several', () => {
    expect(deepestFailure(trace)?.span.spanId).toBe('later');
    const deeper = buildTrace([...spans, sampleSpan('cause', 'leaf', { failed: true })], sampleTraceId);
    expect(deepestFailure(deeper)?.span.spanId).toBe('cause');
    expect(deepestFailure(subtrace(trace, 'early'))).toBeUndefined();
  });
});

describe('outline', () => {
  it('tells runs of equal spans once, and marks failures', () => {
    expect(outline(trace)).toEqual([
      'client         root  10.0 ms',
      '  broker         early  10.0 ms',
      '    broker         leaf  10.0 ms',
      '  redis          late ×2  10.0 ms ✗',
    ]);
  });

  it('moves up what is inside spans that are left out', () => {
    expect(outline(trace, { times: false, keep: ({ name }) => name !== 'early' })).toEqual([
      'client         root',
      '  broker         leaf',
      '  redis          late ×2 ✗',
    ]);
  });
});
