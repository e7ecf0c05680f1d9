import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseForm } from './form.ts';

describe('the form of a token request', () => {
  it(verifies('tb:rfc8693', 'lets resource and audience repeat (RFC 8693 §2.1)'), () => {
    const form = parseForm('resource=a&resource=b&audience=c&audience=d');
    expect([form.all('resource'), form.all('audience')]).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it.each(['scope=a&scope=b', 'grant_type=x&grant_type=x', 'subject_token=a&subject_token=', 'foo=1&foo=2'])(
    verifies('tb:rfc8693', 'X10: refuses a repeated parameter in %s (RFC 6749 §3.2)'),
    (body) => {
      expect(() => parseForm(body)).toThrow(
        expect.objectContaining({ code: 'invalid_request', reason: 'repeated_parameter' }),
      );
    },
  );

  it('treats an empty value as an absent parameter (RFC 6749 §3.1)', () => {
    const form = parseForm('scope=&audience=&audience=x&flag');
    expect([form.one('scope'), form.all('audience'), form.one('flag')]).toEqual([
      undefined,
      ['x'],
      undefined,
    ]);
    expect(() => form.required('scope')).toThrow('The parameter scope is missing.');
  });

  it.each(['a=%', 'a=%zz', 'a=%ff', '%c3%28=1'])(
    'refuses %s, which is not UTF-8 in percent-encoding',
    (body) => {
      expect(() => parseForm(body)).toThrow(
        expect.objectContaining({ code: 'invalid_request', reason: 'encoding' }),
      );
    },
  );

  it('reads plus signs as spaces and decodes once', () => {
    expect(parseForm('scope=a+b%2Bc%2541').one('scope')).toBe('a b+c%41');
  });

  it('holds names like __proto__ without harm', () => {
    expect(parseForm('__proto__=x&constructor=y').one('__proto__')).toBe('x');
    expect(Object.prototype).not.toHaveProperty('x');
  });

  it('reads back whatever URLSearchParams writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
        expect(parseForm(new URLSearchParams({ value }).toString()).one('value')).toBe(value);
      }),
    );
  });
});
