import { verifies } from '@mcp-obo/testbed/verifies';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aliceGrant, jwt } from '../test/fixture.ts';
import type { AuditEvent } from './event.ts';
import { type AuditLogOptions, createAuditLog } from './log.ts';
import { auditSubject } from './subject.ts';

const now = () => Date.UTC(2026, 10, 21, 3, 0, 0);

function linesOf(events: readonly AuditEvent[], options: Partial<AuditLogOptions> = {}): readonly string[] {
  const lines: string[] = [];
  const log = createAuditLog({ write: (line) => lines.push(line), now, service: 'mcp-server', ...options });
  for (const event of events) log.record(event);
  return lines;
}

function recordOf(event: AuditEvent, options: Partial<AuditLogOptions> = {}): Record<string, unknown> {
  return JSON.parse(linesOf([event], options).join(''));
}

const call: AuditEvent = {
  type: 'tool_call',
  decision: 'allow',
  ...auditSubject(aliceGrant),
  operation: { kind: 'tool', name: 'submit_expense' },
  parameters: {
    values: { amount: 12.5, currency: 'EUR', description: 'Dinner with a client', surprise: 'x' },
    sensitivity: { amount: 'value', currency: 'value', description: 'omit', month: 'value' },
  },
  target: 'expenses-api',
  durationMs: 7,
};

describe('a record that was prepared', () => {
  const { durationMs = 0, ...event } = call;

  it.each([
    ['outside any trace', undefined],
    ['in a trace', { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 }],
  ])('is the line of one that was not, %s', (_where, spanContext) => {
    const lines: string[] = [];
    const log = createAuditLog({ write: (line) => lines.push(line), now, service: 'mcp-server' });
    const write = log.prepare(event);
    const within = spanContext && trace.setSpanContext(context.active(), spanContext);
    context.with(within ?? context.active(), () => {
      log.record({ ...event, durationMs });
      write(durationMs);
      write(durationMs + 1);
    });
    expect(lines[1]).toBe(lines[0]);
    expect(JSON.parse(lines[2] ?? '')).toEqual({
      ...JSON.parse(lines[0] ?? ''),
      duration_ms: durationMs + 1,
    });
  });

  it('goes through the format that was passed in', () => {
    const lines: string[] = [];
    const options = { write: (line: string) => lines.push(line), now, service: 'x', format: () => 'chained' };
    createAuditLog(options).prepare(event)(1);
    expect(lines).toEqual(['chained\n']);
  });
});

describe('a record', () => {
  it(verifies('op:audit', 'says who did what to what, as whom, and how it was decided'), () => {
    expect(recordOf(call)).toEqual({
      schema: 'mcp-obo.audit/1',
      time: '2026-11-21T03:00:00.000Z',
      service: 'mcp-server',
      type: 'tool_call',
      decision: 'allow',
      tenant: 'acme',
      issuer: 'https://idp.example/acme',
      user: { issuer: 'https://idp.example/acme', key: 'u-alice' },
      client_id: 'inspector',
      token_id: 't-1',
      session: 's-1',
      tool: 'submit_expense',
      parameters: { amount: 12.5, currency: 'EUR', description: { omitted: true } },
      target: 'expenses-api',
      scopes: ['expenses:write', 'mcp:tools:execute'],
      act: [{ sub: 'mcp-server', iss: 'https://idp.example/acme' }, { sub: 'agent' }],
      duration_ms: 7,
    });
  });

  it(verifies('op:audit', 'is one line each, in order, whatever is in it'), () => {
    const lines = linesOf([
      { type: 'authorization', decision: 'refuse', reason: 'a\n{"type":"forged"}\r\n' },
      { type: 'exchange', decision: 'fault', target: '\u2028' },
    ]);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(['authorization', 'exchange']);
  });

  it.each([
    ['tool', 'whoami'],
    ['resource', 'expense://{id}'],
    ['prompt', 'expense_report'],
    ['list', 'tool'],
  ] as const)(verifies('op:audit', 'names a %s for what it is'), (kind, name) => {
    const record = recordOf({ type: 'authorization', decision: 'allow', operation: { kind, name } });
    expect(record).toMatchObject({ [kind]: name });
  });

  it('of a refused authentication knows nobody and says why', () => {
    expect(Object.keys(recordOf({ type: 'authentication', decision: 'refuse', reason: 'expired' }))).toEqual([
      'schema',
      'time',
      'service',
      'type',
      'decision',
      'reason',
    ]);
  });

  it('of an exchange tells the caller from the client of the token', () => {
    const event = {
      type: 'exchange',
      decision: 'allow',
      client: 'mcp-server',
      subjectClient: 'inspector',
    } as const;
    expect(recordOf(event)).toMatchObject({ client_id: 'mcp-server', subject_client_id: 'inspector' });
  });

  it('reaches the writer as the formatter spells it', () => {
    let previous = 'start';
    const format: AuditLogOptions['format'] = (record) => {
      const line = JSON.stringify({ ...record, previous });
      previous = record.reason ?? '';
      return line;
    };
    const refusal = { type: 'authorization', decision: 'refuse' } as const;
    const lines = linesOf(
      [
        { ...refusal, reason: 'a' },
        { ...refusal, reason: 'b' },
      ],
      { format },
    );
    expect(lines.map((line) => JSON.parse(line).previous)).toEqual(['start', 'a']);
  });

  it('that cannot be written is not passed over in silence', () => {
    const write = () => {
      throw new Error('ENOSPC');
    };
    expect(() => linesOf([call], { write })).toThrow('ENOSPC');
  });
});

describe('parameters', () => {
  const parametersOf = (
    values: Readonly<Record<string, unknown>>,
    how: 'value' | 'hash' | 'omit',
    options: Partial<AuditLogOptions> = {},
  ): unknown => {
    const sensitivity = Object.fromEntries(Object.keys(values).map((name) => [name, how]));
    const { parameters } = recordOf({ ...call, parameters: { values, sensitivity } }, options);
    return parameters;
  };

  it(verifies('op:audit', 'that are not declared leave neither name nor value'), () => {
    const [line = ''] = linesOf([call]);
    expect(line).not.toContain('surprise');
    expect(line).not.toContain('Dinner');
  });

  it(verifies('op:audit', 'that are hashed can be recognised and not read'), () => {
    const sha256 = 'vMQwQ_E3YT3JYW0OEYos76uiyOc8lRMpjQ8dM69VVpM';
    expect(parametersOf({ id: 'exp-1' }, 'hash')).toEqual({ id: { sha256 } });
    const keyed = 'MRTt-BafwrMNGdzqvYVkVIt3bH8m15s8RXyhlR_VxUE';
    expect(parametersOf({ id: 'exp-1' }, 'hash', { hashKey: Buffer.from('k') })).toEqual({
      id: { sha256: keyed },
    });
    expect(parametersOf({ q: { a: 1, b: 2 } }, 'hash')).toEqual(parametersOf({ q: { b: 2, a: 1 } }, 'hash'));
    expect(parametersOf({ q: [1, 2] }, 'hash')).not.toEqual(parametersOf({ q: [2, 1] }, 'hash'));
  });

  it('that are plain stay so, and others are JSON', () => {
    expect(parametersOf({ n: 1, b: false, o: null, s: 'x', l: [1, 'a'] }, 'value')).toEqual({
      n: 1,
      b: false,
      o: null,
      s: 'x',
      l: '[1,"a"]',
    });
  });

  it('that have no JSON are omitted', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(parametersOf({ n: undefined, b: 1n }, 'value')).toEqual({
      n: { omitted: true },
      b: { omitted: true },
    });
    expect(parametersOf({ deep }, 'hash')).toEqual({ deep: { omitted: true } });
  });
});

describe('no record', () => {
  const everywhere = (secret: string): AuditEvent => ({
    type: 'exchange',
    decision: 'refuse',
    reason: secret,
    tenant: secret,
    issuer: secret,
    user: { issuer: secret, key: secret },
    client: secret,
    subjectClient: secret,
    tokenId: secret,
    session: secret,
    operation: { kind: 'tool', name: secret },
    parameters: { values: { a: secret, b: [secret] }, sensitivity: { a: 'value', b: 'value' } },
    target: secret,
    scopes: [secret],
    act: { sub: secret, iss: secret },
  });

  it.each([
    ['a JWT', jwt, 'eyJ'],
    ['a bearer token', 'Bearer dGhpcyBpcyBhIHNlY3JldA', 'dGhpcyBpcyBhIHNlY3JldA'],
    ['a JWT where the text is cut', `${'x '.repeat(110)}${jwt}`, 'eyJ'],
    ['a token in a URL', 'https://a.example/?access_token=s3cr3tvalue', 's3cr3tvalue'],
  ])(verifies(['op:audit', 'op:redaction'], 'holds %s, wherever it is put'), (_name, secret, part) => {
    const [line = ''] = linesOf([everywhere(secret)]);
    expect(line).not.toContain(part);
    expect(JSON.parse(line)).toHaveProperty('tool');
  });

  it(verifies('op:redaction', 'holds a member that is not its own'), () => {
    const event = { type: 'exchange', decision: 'allow', token: jwt, grant: { token: jwt } } as AuditEvent;
    expect(Object.keys(recordOf(event))).toEqual(['schema', 'time', 'service', 'type', 'decision']);
  });

  it('is longer than a bound, however long the parts are', () => {
    const long = 'a'.repeat(100_000);
    let act: AuditEvent['act'] = { sub: long };
    for (let depth = 0; depth < 100; depth += 1) act = { sub: long, act };
    const [line = ''] = linesOf([{ ...everywhere(long), scopes: Array(1000).fill(long), act }]);
    expect(line.length).toBeLessThan(32_768);
  });
});

describe('the trace', () => {
  beforeEach(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
  afterEach(() => context.disable());

  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const spanId = 'b7ad6b7169203331';
  const within = (ids: { traceId: string; spanId: string }) => {
    const span = trace.wrapSpanContext({ ...ids, traceFlags: 1 });
    return context.with(trace.setSpan(context.active(), span), () => recordOf(call));
  };

  it(verifies('op:audit', 'of the call is in its record'), () => {
    expect(within({ traceId, spanId })).toMatchObject({ trace_id: traceId, span_id: spanId });
  });

  it('is absent where there is none', () => {
    const zero = within({ traceId: '0'.repeat(32), spanId: '0'.repeat(16) });
    for (const record of [zero, recordOf(call)]) expect(record).not.toHaveProperty('trace_id');
  });
});
