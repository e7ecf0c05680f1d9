import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { claimsOf } from './fake-idp.ts';
import { accessTokenType, createFixture, type Form } from './fixture.ts';

const fixture = await createFixture();
const { acme, exchange, post, subject } = fixture;

describe('a token exchange (RFC 8693)', () => {
  it(verifies('tb:rfc8693', 'answers with every field of §2.2.1 and no refresh token'), async () => {
    const response = await exchange({ requested_token_type: accessTokenType });
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toMatch(/^application\/json/);
    const { access_token, ...rest } = response.json();
    expect(rest).toEqual({
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'api:expenses.read',
    });
    expect(claimsOf(access_token)).toMatchObject({ sub: 'user-alice', aud: 'api://expenses' });
  });

  it(verifies('tb:rfc8693', 'asks the issuer with the parameters of §2.1'), async () => {
    const subject_token = await subject();
    await exchange({ subject_token, audience: 'api://expenses' });
    expect(Object.fromEntries(acme.requests.at(-1)?.form ?? [])).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token,
      subject_token_type: accessTokenType,
      requested_token_type: accessTokenType,
      audience: 'api://expenses',
      scope: 'api:expenses.read',
    });
  });

  it.each<readonly [string, Form]>([
    ['resource instead of audience', { audience: '', resource: 'api://expenses' }],
    [
      'several names of one target',
      { audience: ['expenses-api', 'api://expenses'], resource: 'api://expenses' },
    ],
    ['a subject token said to be a JWT', { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }],
    ['no scope, which asks for all that is allowed', { scope: '' }],
    ['parameters it does not know', { foo: 'bar', client_info: '1' }],
  ])(verifies('tb:rfc8693', 'takes %s'), async (_what, form) => {
    const response = await exchange(form);
    expect([response.statusCode, response.json().scope]).toEqual([200, 'api:expenses.read']);
  });

  it('passes an actor token on (§2.1) when it is another party’s', async () => {
    const actor_token = await acme.mint({ sub: 'agent-7', aud: 'https://mcp.example/mcp' });
    const response = await exchange({ actor_token, actor_token_type: accessTokenType });
    expect(response.statusCode).toBe(200);
    expect(acme.requests.at(-1)?.form.get('actor_token')).toBe(actor_token);
  });

  const refusals: readonly (readonly [string, Form, string])[] = [
    ['X01: no grant_type', { grant_type: '' }, 'invalid_request'],
    ['X01: a grant_type that is not supported', { grant_type: 'password' }, 'unsupported_grant_type'],
    [
      'X01: a grant_type that names a member of objects',
      { grant_type: 'constructor' },
      'unsupported_grant_type',
    ],
    ['X02: no subject_token', { subject_token: '' }, 'invalid_request'],
    ['X02: no subject_token_type', { subject_token_type: '' }, 'invalid_request'],
    ['X03: an actor_token without its type', { actor_token: 'x' }, 'invalid_request'],
    ['X03: an actor_token_type without its token', { actor_token_type: accessTokenType }, 'invalid_request'],
    [
      'X04: a subject_token_type that is not supported',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
      'invalid_request',
    ],
    [
      'X04: an ID token',
      { subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      'invalid_request',
    ],
    [
      'X04: a requested_token_type that is not supported',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      'invalid_request',
    ],
    ['X07: no target', { audience: '' }, 'invalid_target'],
    ['X07: an unknown audience', { audience: 'api://other' }, 'invalid_target'],
    ['X07: an unknown resource', { resource: 'https://other.example/' }, 'invalid_target'],
    ['X07: a relative resource', { audience: '', resource: '/expenses' }, 'invalid_target'],
    ['X07: a resource with a fragment', { audience: '', resource: 'api://expenses#x' }, 'invalid_target'],
    [
      'X08: several resources, one of which is not allowed',
      { audience: '', resource: ['api://expenses', 'https://other.example/'] },
      'invalid_target',
    ],
    ['X09: an unknown scope', { scope: 'api:expenses.everything' }, 'invalid_scope'],
    ['X09: a scope that is no scope-token', { scope: 'api:"expenses"' }, 'invalid_scope'],
    ['X10: a repeated scope', { scope: ['api:expenses.read', 'api:expenses.write'] }, 'invalid_request'],
    ['X10: a repeated subject_token', { subject_token: ['a', 'b'] }, 'invalid_request'],
    ['claims that are no JSON object', { claims: '[]' }, 'invalid_request'],
  ];
  it.each(refusals)(verifies('tb:rfc8693', 'refuses %s'), async (_what, form, error) => {
    const before = acme.requests.length;
    const response = await exchange(form);
    expect([response.statusCode, response.json().error]).toEqual([400, error]);
    expect(Object.keys(response.json()).toSorted()).toEqual(['error', 'error_description']);
    expect(acme.requests).toHaveLength(before);
  });

  it('refuses a request whose body is no form', async () => {
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
      const response = await post({ grant_type: 'x' }, { headers: { 'content-type': type } });
      expect([response.statusCode, response.json().error]).toEqual([400, 'invalid_request']);
    }
    const empty = await fixture.app.inject({ method: 'POST', url: '/token' });
    expect([empty.statusCode, empty.json().error]).toEqual([400, 'invalid_request']);
  });

  it('refuses a body over the bound with 413', async () => {
    const response = await post({ grant_type: 'x', filler: 'y'.repeat(70_000) });
    expect([response.statusCode, response.json().error]).toEqual([413, 'invalid_request']);
  });

  it(
    verifies(
      'tb:no-store',
      'refuses credentials and tokens in the URL (RFC 6749 §2.3.1), and ignores the rest of a query',
    ),
    async () => {
      for (const name of ['subject_token', 'client_secret', 'assertion'])
        expect((await exchange({}, { url: `/token?${name}=x` })).json().error).toBe('invalid_request');
      expect((await exchange({}, { url: '/token?client-request-id=1&scope=other' })).statusCode).toBe(200);
    },
  );
});
