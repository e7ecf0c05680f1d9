import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCompactJws } from './compact-jws.ts';

const idp = createTestIssuer({ issuer: 'https://idp.example' });
const token = await idp.mint();
const [header = '', payload = '', signature = ''] = token.split('.');
const malformed = expect.objectContaining({ code: 'invalid_token', reason: 'malformed' });
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('parseCompactJws', () => {
  it('takes a token apart', () => {
    expect(parseCompactJws(token)).toEqual({
      header: { alg: 'RS256', kid: 'key-1', typ: 'at+jwt' },
      payload: expect.objectContaining({ iss: 'https://idp.example' }),
      signature: Buffer.from(signature, 'base64url'),
    });
  });

  it(verifies('rs:canonical', 'accepts one spelling of the last signature character (J20)'), () => {
    const spellings = [...alphabet].filter((last) => {
      const bytes = Buffer.from(signature.slice(0, -1) + last, 'base64url');
      return bytes.equals(Buffer.from(signature, 'base64url'));
    });
    expect(spellings).toHaveLength(16);
    const accepted = spellings.filter((last) => isAccepted(token.slice(0, -1) + last));
    expect(accepted).toEqual([token.at(-1)]);
  });

  it(
    verifies('rs:canonical', 'has one spelling for each token, whatever is changed in its text (J20)'),
    () => {
      const parts = parseCompactJws(token);
      const position = fc.nat(token.length - 1);
      const inserted = fc.constantFrom('', ' ', '=', '\n', '.', '+', '/', '\0', 'ü', ...alphabet);
      fc.assert(
        fc.property(position, inserted, fc.boolean(), (at, text, replace) => {
          const changed = token.slice(0, at) + text + token.slice(at + (replace ? 1 : 0));
          fc.pre(changed !== token);
          if (!isAccepted(changed)) return;
          const bytes = (one: string) =>
            one.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'));
          expect(bytes(changed)).not.toEqual(bytes(token));
          expect(parts).toEqual(parseCompactJws(token));
        }),
        { numRuns: 1000 },
      );
    },
  );

  it.each([
    ['one segment', header],
    ['two segments', `${header}.${payload}`],
    ['four segments', `${token}.x`],
    ['six segments', `${token}.${token}`],
    ['an empty signature (J02)', `${header}.${payload}.`],
    ['an empty payload', `${header}..${signature}`],
    ['an empty header', `.${payload}.${signature}`],
    ['JSON serialization (J19)', JSON.stringify({ protected: header, payload, signature })],
    ['padding', `${token}==`],
    ['a space inside', `${header}. ${payload}.${signature}`],
    ['a line break at the end', `${token}\n`],
    ['characters of base64', `${header}.${payload}.${signature.slice(0, -2)}+/`],
    ['a tilde (R07)', `${token}~`],
    ['NUL (R07)', `${token}\0`],
    ['letters outside ASCII (R07)', `${header}.${payload}ü.${signature}`],
    ['a length that no bytes have', `${header}.${payload}.${signature.slice(0, -1)}`],
    ['a header that is no object', idp.mintRaw('[]', '{}')],
    ['a payload that is no JSON', idp.mintRaw('{"alg":"RS256"}', 'hello')],
    [
      'bytes that are no UTF-8',
      `${header}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.${signature}`,
    ],
    ['a byte order mark', idp.mintRaw('\ufeff{}', '{}')],
    ['a header member twice (J22)', idp.mintRaw('{"alg":"none","alg":"RS256"}', '{}')],
    ['a claim twice (J22)', idp.mintRaw('{"alg":"RS256"}', '{"sub":"a","sub":"b"}')],
    ['exp beyond a double (C01)', idp.mintRaw('{"alg":"RS256"}', '{"exp":1e999}')],
  ])(verifies('rs:canonical', 'refuses %s'), (_, text) => {
    expect(() => parseCompactJws(text)).toThrow(malformed);
  });
});

function isAccepted(text: string): boolean {
  try {
    parseCompactJws(text);
    return true;
  } catch {
    return false;
  }
}
