import { auth0, type Claims, entra, generic, type IdpProfile, keycloak, okta } from '@mcp-obo/idp-profile';
import { isOAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emitScopes, parseScopes } from './dialect.ts';
import { isScopeToken } from './scope.ts';

const api = 'api://6f3e1f0c';

describe('scopes of a token', () => {
  it.each<[string, IdpProfile, Claims, readonly string[], readonly string[]]>([
    ['a string of generic', generic, { scope: 'b a' }, [], ['a', 'b']],
    ['a string of Keycloak', keycloak, { scope: 'openid a' }, [], ['a', 'openid']],
    ['a string of Auth0', auth0, { scope: 'a' }, [], ['a']],
    ['a list of Okta', okta, { scp: ['b', 'a', 'b'] }, [], ['a', 'b']],
    ['a string of Entra', entra, { scp: 'b a' }, [], ['a', 'b']],
    ['an empty string', generic, { scope: '' }, [], []],
    ['more than one space', generic, { scope: ' a  b ' }, [], ['a', 'b']],
    ['no claim', generic, { sub: 'x' }, [], []],
    ['the claim of another dialect', generic, { scp: 'a' }, [], []],
    ['a prefix', entra, { scp: `${api}/a ${api}/b` }, [api], ['a', 'b']],
    ['a prefix with its slash', entra, { scp: `${api}/a` }, [`${api}/`], ['a']],
    ['a URL prefix', generic, { scope: 'https://api.example/a:b' }, ['https://api.example/'], ['a:b']],
    ['a longer prefix first', generic, { scope: 'u://h/x/a' }, ['u://h', 'u://h/x'], ['a']],
  ])(verifies('sc:dialects', 'are read from %s'), (_name, profile, claims, prefixes, expected) => {
    expect(parseScopes(claims, profile, prefixes)).toEqual(expected);
  });

  it.each([
    ['is not configured', 'api://other/admin'],
    ['only begins like ours', `${api}-evil/admin`],
    ['differs in case', `${api.toUpperCase()}/admin`],
    ['is all there is', `${api}/`],
  ])(verifies('sc:dialects', 'keep a prefix that %s'), (_name, scope) => {
    expect(parseScopes({ scp: scope }, entra, [api])).toEqual([scope]);
  });

  it(verifies('sc:dialects', 'lose a prefix once and no more'), () => {
    expect(parseScopes({ scp: `${api}/${api}/a` }, entra, [api])).toEqual([`${api}/a`]);
  });

  it(
    verifies('sc:dialects', 'are application permissions in a machine token of Entra, and there alone'),
    () => {
      const roles = ['expenses:totals'];
      expect(parseScopes({ idtyp: 'app', roles }, entra, [])).toEqual(roles);
      expect(parseScopes({ roles }, entra, [])).toEqual([]);
      expect(parseScopes({ idtyp: 'app', roles }, generic, [])).toEqual([]);
    },
  );

  it.each<[string, unknown]>([
    ['a number', 1],
    ['null', null],
    ['an object', { 0: 'a' }],
    ['a list with a number', ['a', 1]],
    ['a list with an empty word', ['']],
    ['two scopes in one word', ['a b']],
    ['a quote', 'a"b'],
    ['a backslash', 'a\\b'],
    ['a line break', 'a\nb'],
    ['a letter outside ASCII', 'é'],
  ])(verifies('sc:dialects', 'refuse %s (RFC 6749 §3.3)'), (_name, scope) => {
    expect(refusalOf(() => parseScopes({ scope }, generic, []))).toEqual([
      'invalid_token',
      'scope_malformed',
    ]);
  });
});

describe('scopes of a request or challenge', () => {
  it(verifies('sc:dialects', 'stand bare where the issuer does not prefix'), () => {
    expect(emitScopes(['mcp:tools:execute', 'a'], okta, api)).toBe('mcp:tools:execute a');
  });

  it(verifies('sc:dialects', 'all carry the prefix at Entra, but those of OpenID Connect'), () => {
    expect(emitScopes(['openid', 'mcp:tools:execute', 'a', 'offline_access'], entra, api)).toBe(
      `openid ${api}/mcp:tools:execute ${api}/a offline_access`,
    );
  });

  it.each([undefined, ''])('are not guessed when the prefix is %j', (prefix) => {
    expect(() => emitScopes(['a'], entra, prefix)).toThrow(RangeError);
  });

  it(verifies('sc:dialects', 'come back as they were from a token that repeats them'), () => {
    const scope = fc.stringMatching(/^[!#-[\]-~]{1,20}$/).filter((name) => !name.startsWith('u://h/'));
    const profile = fc.constantFrom(entra, okta, auth0, keycloak, generic);
    fc.assert(
      fc.property(fc.uniqueArray(scope, { maxLength: 8 }), profile, fc.boolean(), (scopes, idp, list) => {
        fc.pre(scopes.every(isScopeToken));
        const text = emitScopes(scopes, idp, 'u://h');
        const [claim = ''] = idp.token.scopeClaims;
        const value = list ? text.split(' ').filter(Boolean) : text;
        expect(parseScopes({ [claim]: value }, idp, ['u://h'])).toEqual([...scopes].sort());
      }),
    );
  });
});

function refusalOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (isOAuthError(error)) return [error.code, error.reason];
    throw error;
  }
  return [];
}
