import type { ReceivedSpan } from '@mcp-obo/platform/otlp';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { conventionProblems } from './conventions.ts';
import { sampleAnswer, sampleRequest, sampleSpan, sampleTraceId } from './sample-spans.ts';
import { buildTrace } from './trace.ts';

type Change = Partial<ReceivedSpan>;

const redis: Change = {
  name: 'GET',
  kind: 'client',
  attributes: {
    'db.system.name': 'redis',
    'db.operation.name': 'GET',
    'db.namespace': '0',
    'server.address': '127.0.0.1',
    'server.port': 6379,
  },
};
const toolCall: Change = {
  name: 'tools/call whoami',
  kind: 'server',
  attributes: {
    'mcp.method.name': 'tools/call',
    'gen_ai.tool.name': 'whoami',
    'gen_ai.operation.name': 'execute_tool',
  },
};
const failedRequest: Change = {
  ...sampleRequest,
  failed: true,
  attributes: { ...sampleRequest.attributes, 'http.response.status_code': 404, 'error.type': '404' },
};

const problemsOf = (...spans: ReceivedSpan[]) =>
  conventionProblems(buildTrace(spans, sampleTraceId), new Set(['broker']));
const alone = (base: Change, { attributes, ...change }: Change = {}) =>
  problemsOf(
    sampleSpan('one', undefined, { ...base, ...change, attributes: { ...base.attributes, ...attributes } }),
  );

describe('conventionProblems', () => {
  it.each([
    ['a step of its own', {}],
    ['a request', sampleRequest],
    ['a request that failed', failedRequest],
    ['an answer', sampleAnswer],
    ['a command of Redis', redis],
    ['a tool call', toolCall],
  ])('are none for %s as it should be', (_case, base) => {
    expect(alone(base)).toEqual([]);
  });

  it.each<[string, Change, Change]>([
    ['no version in the resource', {}, { resource: { 'service.name': 'broker' } }],
    ['a failure without error.type', {}, { failed: true }],
    ['an error.type without a failure', {}, { attributes: { 'error.type': 'x' } }],
    ['an attribute of an earlier convention', sampleRequest, { attributes: { 'http.status_code': 200 } }],
    ['a path in the name of a request', sampleRequest, { name: 'POST /token' }],
    ['a request without server', sampleRequest, { attributes: { 'server.address': undefined } }],
    [
      'a request with neither answer nor error',
      sampleRequest,
      { attributes: { 'http.response.status_code': undefined } },
    ],
    [
      'a refused request that did not fail',
      sampleRequest,
      { attributes: { 'http.response.status_code': 404 } },
    ],
    ['a refused request with a reason of its own', failedRequest, { attributes: { 'error.type': 'x' } }],
    [
      'a query in the URL',
      sampleRequest,
      { attributes: { 'url.full': 'http://127.0.0.1:4001/token?code=1' } },
    ],
    ['an answer named by its path', sampleAnswer, { attributes: { 'http.route': '/:endpoint' } }],
    ['an answer without scheme', sampleAnswer, { attributes: { 'url.scheme': undefined } }],
    [
      'a server blamed for a 404',
      sampleAnswer,
      { failed: true, attributes: { 'http.response.status_code': 404, 'error.type': '404' } },
    ],
    ['a server not blamed for a 503', sampleAnswer, { attributes: { 'http.response.status_code': 503 } }],
    ['a command with its keys', redis, { attributes: { 'db.query.text': 'GET key' } }],
    ['a command that names another', redis, { name: 'SET' }],
    ['a tool call that is internal', toolCall, { kind: 'internal' }],
    ['a tool call without its tool in the name', toolCall, { name: 'tools/call' }],
    ['a tool call that is not told apart', toolCall, { attributes: { 'gen_ai.operation.name': undefined } }],
  ])(verifies('op:traces', 'name %s (semantic conventions)'), (_case, base, change) => {
    expect(alone(base, change)).toEqual([expect.stringContaining('of broker does not: ')]);
  });

  it('name a span that begins before its parent, or hangs below another process without a request', () => {
    const request = sampleSpan('request', undefined, { ...sampleRequest, service: 'mcp-server', start: 5 });
    expect(problemsOf(request, sampleSpan('answer', 'request', { ...sampleAnswer, start: 6 }))).toEqual([]);
    expect(problemsOf(request, sampleSpan('answer', 'request', { ...sampleAnswer, start: 2 }))).toHaveLength(
      1,
    );
    const step = sampleSpan('step', undefined, { service: 'mcp-server' });
    expect(problemsOf(step, sampleSpan('answer', 'step', sampleAnswer))).toHaveLength(1);
  });

  it('say nothing of other people’s services', () => {
    expect(alone({ service: 'keycloak', failed: true })).toEqual([]);
  });
});
