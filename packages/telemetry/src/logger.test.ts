import { verifies } from '@mcp-obo/testbed/verifies';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { createLogger, type LoggerOptions } from './logger.ts';

const secret = 'Vq3x_9-PzT0aLm4Rk8sYwQ1nBd7cHf2eJgUiOoXyZ5A';
const jwt = 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';

function capture(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ name: 'test', level: 'debug', destination, now: () => 0, ...options });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
}

afterEach(() => context.disable());

describe('createLogger', () => {
  const { log, lines, last } = capture();
  it.each([
    ['the message', () => log.info(`Bearer ${secret} ${jwt}`)],
    ['the arguments of the message', () => log.info('got %s and %j', jwt, { access_token: secret })],
    ['a member', () => log.info({ headers: { authorization: `Bearer ${secret}` }, jwt }, 'm')],
    ['an error', () => log.error(new Error(`client_secret=${secret}`, { cause: new Error(jwt) }))],
    ['an error beside a message', () => log.error({ err: new Error(`code_verifier=${secret}`) }, jwt)],
    ['the bindings of a child', () => log.child({ token: secret, note: jwt }).info('m')],
    [
      'the bindings of a grandchild',
      () =>
        log
          .child({})
          .child({ headers: { cookie: [secret] } })
          .info('m'),
    ],
    [
      'bindings set later',
      () => {
        const child = log.child({});
        child.setBindings({ token: secret });
        child.info('m');
      },
    ],
    [
      'a child with a serializer of its own',
      () =>
        log
          .child({}, { serializers: { raw: () => ({ note: jwt, header: `Bearer ${secret}` }) } })
          .info({ raw: 1 }),
    ],
    ['the prefix of a child', () => log.child({}, { msgPrefix: `Bearer ${secret} ` }).info(jwt)],
  ])(verifies('op:redaction', 'lets no credential out through %s'), (_, write) => {
    write();
    const line = lines.at(-1);
    expect(line).toContain('[redacted]');
    expect(line).not.toContain(secret);
    expect(line).not.toContain('eyJ');
    expect(last()).toMatchObject({ name: 'test' });
  });

  it('writes level, time and name in words', () => {
    const fixed = capture();
    fixed.log.warn({ port: 4000 }, 'listening');
    expect(fixed.last()).toEqual({
      level: 'warn',
      time: '1970-01-01T00:00:00.000Z',
      name: 'test',
      port: 4000,
      msg: 'listening',
    });
  });

  it('keeps what an operator needs of an error', () => {
    const { log: logger, last: line } = capture();
    logger.error(
      Object.assign(new TypeError('fetch failed'), { code: 'ECONNREFUSED' }),
      'issuer does not answer',
    );
    expect(line()).toMatchObject({
      msg: 'issuer does not answer',
      err: { type: 'TypeError', code: 'ECONNREFUSED', message: 'fetch failed' },
    });
  });

  it(verifies('op:traces', 'writes the ids of the active span'), () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
    const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const { log: logger, last: line } = capture();
    context.with(trace.setSpanContext(context.active(), span), () => logger.info('inside'));
    expect(line()).toMatchObject({ trace_id: span.traceId, span_id: span.spanId });
    logger.info('outside');
    expect(line()).not.toHaveProperty('trace_id');
  });

  it('writes nothing below its level', () => {
    const quiet = capture({ level: 'warn' });
    quiet.log.info('no');
    expect(quiet.lines).toEqual([]);
  });
});
