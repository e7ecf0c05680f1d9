import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { scrub } from './scrub.ts';

const secret = 'Vq3x_9-PzT0aLm4Rk8sYwQ1nBd7cHf2eJgUiOoXyZ5A';

describe('scrub', () => {
  it.each([
    'access_token',
    'accessToken',
    'Authorization',
    'set-cookie',
    'client_secret',
    'clientSecret',
    'subjectToken',
    'codeVerifier',
    'assertion',
    'token',
    'code',
    'password',
    'DPoP',
  ])(verifies('op:redaction', 'replaces the member %s whatever its value looks like'), (name) => {
    expect(JSON.stringify(scrub({ a: { [name]: secret } }))).toBe(`{"a":{"${name}":"[redacted]"}}`);
    expect(JSON.stringify(scrub(new Map([[name, secret]])))).toBe(`{"${name}":"[redacted]"}`);
  });

  it('replaces lists and objects under such a name', () => {
    expect(scrub({ authorization: [`Bearer ${secret}`], cookie: { sid: secret } })).toEqual({
      authorization: '[redacted]',
      cookie: '[redacted]',
    });
  });

  it('takes the private members out of a JWK and keeps the public ones (RFC 7517 §9.3)', () => {
    const jwk = { kty: 'EC', crv: 'P-256', x: 'public-x', y: 'public-y', d: secret };
    expect(scrub({ jwk })).toEqual({ jwk: { ...jwk, d: '[redacted]' } });
    expect(scrub({ d: 3 })).toEqual({ d: 3 });
  });

  it('keeps the code of an error and what stands for a token', () => {
    const facts = { code: 'ECONNREFUSED', status: 503, tokenHash: secret, token_endpoint: 'http://a/token' };
    expect(scrub(facts)).toEqual(facts);
  });

  it(verifies('op:redaction', 'keeps type, code, stack and cause of an error, without credentials'), () => {
    const cause = Object.assign(new TypeError(`refused Bearer ${secret}`), {
      code: 'E_INNER',
      token: secret,
    });
    const error = new Error(`access_token=${secret}`, { cause });
    const out = scrub(error) as Record<string, unknown>;
    expect(out).toMatchObject({
      type: 'Error',
      message: 'access_token=[redacted]',
      cause: { type: 'TypeError', code: 'E_INNER', token: '[redacted]' },
    });
    expect(out.stack).toContain('scrub.test.ts');
    expect(JSON.stringify(out)).not.toContain(secret);
  });

  it.each([
    ['of the network', { code: 'ECONNREFUSED', syscall: 'connect' }, false],
    ['with a reason of its own', { code: 'temporarily_unavailable', reason: 'unreachable' }, false],
    ['that may be a bug', { code: 'server_error', reason: 'bug' }, true],
    ['without any mark', {}, true],
  ])('keeps the stack of an error that may be a bug: one %s', (_which, members, kept) => {
    expect(Object.hasOwn(scrub(Object.assign(new Error('x'), members)) as object, 'stack')).toBe(kept);
  });

  it(
    verifies(
      'op:redaction',
      'keeps of a driver’s command its name alone: the arguments of AUTH are a password',
    ),
    () => {
      const command = { name: 'hello', args: ['3', 'AUTH', 'broker', 'hunter2-of-the-broker'] };
      const written = scrub(Object.assign(new Error('WRONGPASS'), { command }));
      expect(written).toMatchObject({ type: 'Error', message: 'WRONGPASS', command: 'hello' });
      expect(JSON.stringify(written)).not.toContain('hunter2');
    },
  );

  it('keeps the errors inside an AggregateError', () => {
    expect(scrub(new AggregateError([new Error('one')], 'all'))).toMatchObject({
      errors: [{ message: 'one' }],
    });
  });

  it('writes the line of a request and the status of a reply, no header and no query', () => {
    const request = {
      method: 'POST',
      url: `/mcp?access_token=${secret}`,
      headers: { authorization: secret },
    };
    expect(scrub({ request, reply: { statusCode: 401, getHeader: () => secret } })).toEqual({
      request: { method: 'POST', url: '/mcp' },
      reply: { statusCode: 401 },
    });
  });

  it('ends on cycles, depth, size, bytes and members that throw', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    let deep: unknown = 'end';
    for (let i = 0; i < 20; i++) deep = { deep };
    const hostile = Object.defineProperty({}, 'x', {
      enumerable: true,
      get() {
        throw new Error(secret);
      },
    });
    const out = JSON.stringify(
      scrub({ cycle, deep, hostile, bytes: Buffer.from(secret), list: Array(1000).fill(1), big: 1n }),
    );
    expect(out).toContain('[circular]');
    expect(out).toContain('[deep]');
    expect(out).toContain('[unreadable]');
    expect(out).toContain('[43 bytes]');
    expect(out).not.toContain(secret);
    expect(out.length).toBeLessThan(1000);
  });

  it('does not follow __proto__ into the prototype of the copy', () => {
    const out = scrub(JSON.parse('{"__proto__":{"polluted":true}}')) as Record<string, unknown>;
    expect(out.polluted).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
