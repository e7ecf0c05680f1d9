import { describe, expect, it } from 'vitest';
import { bearerChallenge } from './challenge.ts';
import { readChallenges } from './read-challenges.ts';

function read(header: string | null): [string, Record<string, string>][] {
  return readChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
}

describe('reading challenges', () => {
  it('gets back what was written', () => {
    const written = bearerChallenge({
      resourceMetadata: 'https://h.example/.well-known/oauth-protected-resource',
      error: 'insufficient_user_authentication',
      scope: 'a b',
      realm: 'say "hi" \\',
      maxAge: 60,
    });
    expect(read(written)).toEqual([
      [
        'bearer',
        {
          realm: 'say "hi" \\',
          error: 'insufficient_user_authentication',
          scope: 'a b',
          resource_metadata: 'https://h.example/.well-known/oauth-protected-resource',
          max_age: '60',
        },
      ],
    ]);
  });

  it.each<[string, string | null, [string, Record<string, string>][]]>([
    ['no header', null, []],
    ['an empty header', '', []],
    ['a scheme alone', 'Bearer', [['bearer', {}]]],
    [
      'two challenges in one line',
      'DPoP algs="ES256 PS256", Bearer scope="a, b"',
      [
        ['dpop', { algs: 'ES256 PS256' }],
        ['bearer', { scope: 'a, b' }],
      ],
    ],
    [
      'a token68 before',
      'Negotiate YWJj/+==, Bearer error=invalid_token',
      [
        ['negotiate', {}],
        ['bearer', { error: 'invalid_token' }],
      ],
    ],
    ['white space and empty list members', 'Bearer  a = "1" ,, b=2', [['bearer', { a: '1', b: '2' }]]],
    ['a repeated name', 'Bearer scope="a", scope="b"', [['bearer', { scope: 'a' }]]],
    ['names in another case', 'BEARER Scope="a"', [['bearer', { scope: 'a' }]]],
    ['an unfinished quote', 'Bearer a="1", b="2', [['bearer', { a: '1' }]]],
    ['junk', '=,=;', []],
  ])('understands %s', (_name, header, expected) => {
    expect(read(header)).toEqual(expected);
  });

  it('stays quick on a header built to be slow', () => {
    expect(read(`Bearer a="${'\\'.repeat(16_000)}`).length).toBeLessThanOrEqual(2);
  });
});
