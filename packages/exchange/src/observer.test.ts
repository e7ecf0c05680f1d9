import { verifies } from '@mcp-obo/testbed/verifies';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createBench, request } from '../test/setup.ts';
import { createWiki } from '../test/wiki.ts';

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
trace.setGlobalTracerProvider(provider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

beforeEach(() => exporter.reset());
afterAll(async () => {
  trace.disable();
  context.disable();
  await provider.shutdown();
});

const spans = () => exporter.getFinishedSpans().filter(({ name }) => name === 'token exchange');

describe('the span of an exchange', () => {
  it('says target, client and where the token came from', async () => {
    const bench = createBench();
    const subject = await bench.subject();
    await bench.engine.exchange(request(subject));
    await bench.engine.exchange(request(subject));
    expect(spans().map(({ attributes }) => attributes)).toEqual(
      ['miss', 'hit'].map((cache) => ({
        'mcp_obo.kind': 'on_behalf_of',
        'mcp_obo.target': 'expenses-api',
        'mcp_obo.client': 'mcp-server',
        'mcp_obo.cache': cache,
      })),
    );
  });

  it('is the same where the request comes again, if it leaves spans', async () => {
    const bench = createBench();
    const asked = request(await bench.subject());
    await bench.engine.exchange(asked);
    const again = bench.engine.repeat(asked);
    const [first] = spans();
    expect(await again()).toMatchObject({ source: 'cache' });
    expect(spans()).toHaveLength(1);
    trace.getTracer('test').startActiveSpan('POST /token', (span) => {
      expect(again()).toMatchObject({ source: 'cache' });
      span.end();
    });
    expect(spans()).toHaveLength(2);
    expect(spans()[1]?.attributes).toEqual({ ...first?.attributes, 'mcp_obo.cache': 'hit' });
  });

  it('is left to the whole way where the token is not in memory', async () => {
    const bench = createBench({ memoryBytes: 0 });
    const asked = request(await bench.subject());
    await bench.engine.exchange(asked);
    const again = bench.engine.repeat(asked);
    trace.getTracer('test').startActiveSpan('POST /token', (span) => {
      expect(again()).toBeUndefined();
      span.end();
    });
    expect(await again()).toMatchObject({ source: 'cache' });
  });

  it('says why it was refused', async () => {
    const bench = createBench();
    const subject = await bench.subject();
    await bench.engine.exchange(request(subject, { target: 'payroll' })).catch(() => undefined);
    expect(spans()[0]).toMatchObject({
      status: { code: 2 },
      attributes: { 'error.type': 'invalid_target', 'mcp_obo.reason': 'target_unknown' },
    });
  });

  it(verifies('tb:no-store', 'holds no part of a token'), async () => {
    const bench = createBench();
    const subject = await bench.subject();
    const { accessToken } = await bench.engine.exchange(request(subject));
    bench.acme.answerWith(() =>
      Response.json({ error: 'invalid_request', token: accessToken }, { status: 400 }),
    );
    bench.time.now += 250;
    await bench.engine.exchange(request(subject)).catch(() => undefined);
    const told = JSON.stringify(
      spans().map(({ attributes, events, status }) => ({ attributes, events, status })),
    );
    expect(spans()).toHaveLength(2);
    for (const part of [...accessToken.split('.'), ...subject.subjectToken.split('.')])
      expect(told).not.toContain(part);
  });
});

describe('the spans of an identity assertion', () => {
  it(
    verifies(['tb:upstream-idjag', 'op:traces'], 'are one for each step, and hold nothing of either token'),
    async () => {
      const { ask, assertions } = createWiki();
      const { accessToken } = await ask();
      await createWiki({ second: () => Response.json({ error: 'invalid_grant' }, { status: 400 }) })
        .ask()
        .catch(() => undefined);
      const steps = exporter.getFinishedSpans();
      expect(steps.map(({ name, status }) => [name, status.code])).toEqual([
        ['identity assertion', 0],
        ['assertion grant', 0],
        ['token exchange', 0],
        ['identity assertion', 0],
        ['assertion grant', 2],
        ['token exchange', 2],
      ]);
      const told = JSON.stringify(
        steps.map(({ attributes, events, status }) => ({ attributes, events, status })),
      );
      for (const part of [...(assertions[0] ?? '').split('.'), ...accessToken.split('.')])
        expect(told).not.toContain(part);
    },
  );
});

describe('the event of a machine’s request', () => {
  it(verifies('op:audit', 'names the tenant and the issuer that the policy led to'), async () => {
    const bench = createBench();
    await bench.engine.machine({ client: 'mcp-server', target: 'expenses-api', scopes: [] });
    const issued = bench.events.find(({ type }) => type === 'issued');
    expect(issued).toMatchObject({
      context: { kind: 'machine', tenant: 'acme', issuer: bench.acme.issuer.issuer },
    });
  });
});
