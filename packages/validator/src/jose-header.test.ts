import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { parseJoseHeader } from './jose-header.ts';

const rules = { algorithms: ['RS256', 'ES256'], typ: ['at+jwt'] };
const good = { alg: 'RS256', kid: 'key-1', typ: 'at+jwt' };
const refused = (reason: string) => expect.objectContaining({ code: 'invalid_token', reason });
const without = (name: string) =>
  Object.fromEntries(Object.entries(good).filter(([member]) => member !== name));

describe('parseJoseHeader', () => {
  it('reads algorithm and key id and passes over what only describes', () => {
    expect(parseJoseHeader({ ...good, x5t: 'abc', constructor: 1 }, rules)).toEqual({
      alg: 'RS256',
      kid: 'key-1',
    });
  });

  it.each([
    'none',
    'None',
    'HS256',
    'HS512',
    'PS256',
    'RS512',
    'rs256',
    'toString',
    '',
    7,
    null,
    ['RS256'],
    undefined,
  ])(
    verifies('rs:alg', 'refuses the algorithm %j, which the issuer does not use (RFC 8725 §3.1, J05)'),
    (alg) => {
      expect(() => parseJoseHeader({ ...good, alg }, rules)).toThrow(refused('alg'));
    },
  );

  it.each([
    ['jwk', { kty: 'RSA' }],
    ['jku', 'https://evil.example/jwks'],
    ['x5u', 'https://evil.example/cert'],
    ['x5c', ['MIIB']],
  ])(verifies('rs:no-embedded-key', 'refuses a header with %s (RFC 8725 §3.10, J10, J11)'), (name, value) => {
    expect(() => parseJoseHeader({ ...good, [name]: value }, rules)).toThrow(refused('embedded_key'));
  });

  it.each([
    ['an extension that is not known', { crit: ['exp'], exp: 1 }],
    ['an empty list', { crit: [] }],
    ['something that is no list', { crit: 'b64' }],
    ['a name that is missing', { crit: ['x'] }],
    ['a name that is registered', { crit: ['alg'] }],
    ['null', { crit: null }],
    ['the unencoded payload option (J17)', { crit: ['b64'], b64: false }],
  ])(verifies('rs:no-embedded-key', 'refuses crit with %s (RFC 7515 §4.1.11, J16)'), (_, members) => {
    expect(() => parseJoseHeader({ ...good, ...members }, rules)).toThrow(refused('crit'));
  });

  it('refuses b64 without crit (J17)', () => {
    expect(() => parseJoseHeader({ ...good, b64: true }, rules)).toThrow(refused('crit'));
  });

  it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt'])(
    verifies('rs:typ', 'accepts typ %s (RFC 9068 §4)'),
    (typ) => {
      expect(parseJoseHeader({ ...good, typ }, rules).kid).toBe('key-1');
    },
  );

  it.each([
    'JWT',
    'id+jwt',
    'logout+jwt',
    'secevent+jwt',
    'oauth-id-jag+jwt',
    'dpop+jwt',
    'client-authentication+jwt',
    'text/at+jwt',
    'application/x/at+jwt',
  ])(verifies('rs:typ', 'refuses typ %s (RFC 9068 §4)'), (typ) => {
    expect(() => parseJoseHeader({ ...good, typ }, rules)).toThrow(refused('typ'));
  });

  it(verifies('rs:typ', 'accepts JWT or no typ only where the issuer is known to send that'), () => {
    expect(() => parseJoseHeader(without('typ'), rules)).toThrow(refused('typ'));
    const lenient = { ...rules, typ: ['', 'jwt'] };
    expect(parseJoseHeader(without('typ'), lenient).alg).toBe('RS256');
    expect(parseJoseHeader({ ...good, typ: 'JWT' }, lenient).alg).toBe('RS256');
    for (const typ of ['', null, 7, ['JWT']])
      expect(() => parseJoseHeader({ ...good, typ }, lenient)).toThrow(refused('header'));
  });

  it.each([undefined, '', 7, null])(verifies('rs:signature', 'refuses the key id %j (J14)'), (kid) => {
    expect(() => parseJoseHeader({ ...good, kid }, rules)).toThrow(refused('kid'));
  });

  it('refuses a nested token (RFC 7519 §5.2, J19)', () => {
    expect(() => parseJoseHeader({ ...good, cty: 'JWT' }, rules)).toThrow(refused('header'));
  });
});
