import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { claimsOf } from './fake-idp.ts';
import { asReports, createFixture, type Form } from './fixture.ts';
import { mcp } from './settings.ts';

const { acme, globex, post, time } = await createFixture();

function machine(form: Form, options: Parameters<typeof post>[1] = {}) {
  return post(
    { grant_type: 'client_credentials', audience: 'expenses-api', scope: 'api:expenses.totals', ...form },
    options,
  );
}

describe('client credentials (RFC 6749 §4.4)', () => {
  it(verifies('tb:m2m', 'give a token of the client’s own registration, cached like any other'), async () => {
    const response = await machine({});
    expect(response.statusCode).toBe(200);
    const { access_token, ...rest } = response.json();
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 300, scope: 'api:expenses.totals' });
    expect(claimsOf(access_token)).toMatchObject({ sub: mcp, aud: 'api://expenses' });
    expect(acme.requests).toMatchObject([{ clientId: mcp }]);
    expect(acme.requests[0]?.form.get('grant_type')).toBe('client_credentials');
    time.now += 10;
    expect((await machine({})).json()).toEqual({ ...response.json(), expires_in: 290 });
    expect(acme.requests).toHaveLength(1);
  });

  it.each<readonly [string, Form]>([
    ['by resource (RFC 8707 §2.2)', { audience: '', resource: 'api://expenses' }],
    ['in front of the scope', { audience: '', scope: 'api://expenses/api:expenses.totals' }],
    ['in front of .default', { audience: '', scope: 'api://expenses/.default' }],
    ['without a scope', { scope: '' }],
  ])(verifies('tb:m2m', 'name their target %s'), async (_what, form) => {
    expect((await machine(form)).json().scope).toBe('api:expenses.totals');
  });

  it(verifies('tb:m2m', 'are asked for in the tenant of the path'), async () => {
    expect((await machine({}, { url: '/acme/oauth2/v2.0/token' })).statusCode).toBe(200);
    const other = await machine({}, { url: '/globex/oauth2/v2.0/token' });
    expect([other.statusCode, other.json().error]).toEqual([400, 'invalid_target']);
    expect(globex.requests).toHaveLength(0);
  });

  it.each<readonly [string, Form, string]>([
    ['a scope for users', { scope: 'api:expenses.read' }, 'invalid_scope'],
    ['an unknown target', { audience: 'api://other' }, 'invalid_target'],
    ['a target that no rule gives to machines', { audience: 'ledger', scope: '' }, 'invalid_target'],
    ['neither target nor scope', { audience: '', scope: '' }, 'invalid_request'],
  ])(verifies('tb:m2m', 'are refused for %s'), async (_what, form, error) => {
    const response = await machine(form);
    expect([response.statusCode, response.json().error]).toEqual([400, error]);
  });

  it('are only for clients that are registered for them', async () => {
    expect((await machine({}, { headers: asReports })).json().error).toBe('unauthorized_client');
  });

  it(verifies('tb:narrow-only', 'refuse a token that speaks for a user'), async () => {
    const fresh = await createFixture();
    fresh.acme.answerWith((request) => fresh.acme.mintAnswer(request, { sub: 'user-alice' }));
    const response = await fresh.post({ grant_type: 'client_credentials', audience: 'expenses-api' });
    expect(response.statusCode).toBe(502);
  });
});
