import { subjectKey } from '@mcp-obo/grant';
import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CacheKeyInput, cacheKey } from './cache-key.ts';

const base: CacheKeyInput = {
  kind: 'on_behalf_of',
  issuer: 'https://idp.example',
  subjectHash: 'subject',
  client: 'mcp-server',
  credential: '["client_secret_post","mcp"]',
  target: 'expenses-api',
  audience: 'api://expenses',
  scopes: ['a', 'b'],
  requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
  policyVersion: '1',
};

describe('the cache key', () => {
  it.each<Partial<CacheKeyInput>>([
    { kind: 'machine' },
    { issuer: 'https://idp.example/' },
    { subjectHash: 'other' },
    { subjectHash: undefined },
    { actorHash: 'actor' },
    { client: 'other-server' },
    { credential: '["private_key_jwt","mcp"]' },
    { target: 'payroll' },
    { audience: 'api://payroll' },
    { resource: 'https://api.example/' },
    { scopes: ['a'] },
    { scopes: ['a b'] },
    { requestedTokenType: 'urn:ietf:params:oauth:token-type:jwt' },
    { claims: '{}' },
    { cnf: { jkt: 'thumb' } },
    { presenterKey: 'thumb' },
    { policyVersion: '2' },
  ])(verifies('tb:cache-key', 'differs when this differs: %j'), (over) => {
    expect(cacheKey({ ...base, ...over })).not.toBe(cacheKey(base));
  });

  it(verifies('tb:cache-key', 'K04: is the same for scopes in any order, once or twice'), () => {
    expect(cacheKey({ ...base, scopes: ['b', 'a', 'b'] })).toBe(cacheKey(base));
  });

  it(verifies('tb:cache-key', 'is shared by two requests only when every member is equal'), () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('a', 'b', 'a","b', '', 'null', '["a"]'));
    const optional = fc.option(text, { nil: undefined });
    const input: fc.Arbitrary<CacheKeyInput> = fc.record({
      kind: fc.constantFrom('on_behalf_of', 'machine'),
      issuer: text,
      subjectHash: optional,
      actorHash: optional,
      client: text,
      credential: text,
      target: text,
      audience: text,
      resource: optional,
      scopes: fc.array(text, { maxLength: 3 }),
      requestedTokenType: text,
      claims: optional,
      cnf: fc.option(fc.dictionary(text, text, { maxKeys: 2 }), { nil: undefined }),
      presenterKey: optional,
      policyVersion: text,
    });
    /** Two inputs that differ in few members only: moves values between neighbours as well. */
    const pair = fc
      .tuple(input, input, fc.subarray(Object.keys(base) as (keyof CacheKeyInput)[]))
      .map(
        ([one, two, names]) =>
          [one, { ...one, ...Object.fromEntries(names.map((name) => [name, two[name]])) }] as const,
      );
    fc.assert(
      fc.property(pair, ([one, two]) => {
        expect(cacheKey(one) === cacheKey(two)).toBe(canonical(one) === canonical(two));
      }),
      { numRuns: 2000 },
    );
  });

  it(verifies('tb:cache-sealed', 'and the tags show nothing of user, token or client'), () => {
    const names = [cacheKey(base), subjectKey('user', base.issuer, 'alice@example.com')];
    for (const secret of ['alice', 'example', 'subject', 'mcp', 'expenses'])
      expect(names.join()).not.toContain(secret);
    expect(subjectKey('user', 'a', 'bc')).not.toBe(subjectKey('user', 'ab', 'c'));
  });
});

/** Equality as the requirement means it, written another way than the key is. */
function canonical(input: CacheKeyInput): string {
  const entries = Object.entries({ ...input, scopes: [...new Set(input.scopes)].sort() });
  return JSON.stringify(
    entries.filter(([, value]) => value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
