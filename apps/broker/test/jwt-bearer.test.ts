import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { refusal } from './fake-idp.ts';
import { asReports, createFixture, type Form, jwtBearer } from './fixture.ts';
import { mcp, reports } from './settings.ts';

const { acme, globex, post, subject } = await createFixture();

async function onBehalfOf(form: Form = {}, options: Parameters<typeof post>[1] = {}) {
  return post(
    {
      grant_type: jwtBearer,
      requested_token_use: 'on_behalf_of',
      assertion: form.assertion ?? (await subject()),
      scope: 'api://expenses/api:expenses.read openid profile offline_access',
      ...form,
    },
    options,
  );
}

describe('an on-behalf-of request in the shape of Entra ID', () => {
  it(verifies('tb:jwt-bearer', 'is answered as Entra answers, without a refresh token'), async () => {
    const response = await onBehalfOf();
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({
      token_type: 'Bearer',
      scope: 'api://expenses/api:expenses.read',
      expires_in: 300,
      ext_expires_in: 300,
      access_token: expect.any(String),
    });
  });

  it(verifies('tb:jwt-bearer', 'may say of itself what MSAL says'), async () => {
    const form = {
      client_info: '1',
      'x-client-SKU': 'msal.js.node',
      'x-client-VER': '7.2.1',
      'x-ms-lib-capability': 'retry-after, h429',
    };
    const headers = { 'x-client-current-telemetry': '5|1,0,,,|,', 'x-client-last-telemetry': '5|0|||0,0' };
    const response = await onBehalfOf(form, { headers, url: '/acme/oauth2/v2.0/token?client-request-id=1' });
    expect(response.statusCode).toBe(200);
  });

  it(verifies('tb:jwt-bearer', 'for /.default gets all that the policy allows'), async () => {
    const assertion = await subject({ scope: 'expenses:read expenses:write' });
    const response = await onBehalfOf({ assertion, scope: 'api://expenses/.default' });
    expect(response.json().scope).toBe('api://expenses/api:expenses.read api://expenses/api:expenses.write');
  });

  it.each<readonly [string, Form, string]>([
    ['no assertion', { assertion: '' }, 'invalid_request'],
    ['no requested_token_use', { requested_token_use: '' }, 'invalid_request'],
    ['another requested_token_use', { requested_token_use: 'other' }, 'invalid_request'],
    ['no scope', { scope: '' }, 'invalid_request'],
    ['X09: nothing but OpenID scopes', { scope: 'openid profile offline_access' }, 'invalid_scope'],
    [
      'X09: a scope of an unknown resource',
      { scope: 'https://graph.microsoft.com/User.Read' },
      'invalid_scope',
    ],
    ['X09: a scope above the policy', { scope: 'api://expenses/api:expenses.approve' }, 'invalid_scope'],
    ['X10: two assertions', { assertion: ['a', 'b'] }, 'invalid_request'],
  ])(verifies('tb:jwt-bearer', 'is refused with %s'), async (_what, form, error) => {
    const response = await onBehalfOf(form);
    expect([response.statusCode, response.json().error]).toEqual([400, error]);
  });

  it(verifies('tb:jwt-bearer', 'with a bad assertion is invalid_grant (RFC 7523 §3.1)'), async () => {
    for (const assertion of ['opaque', await subject({ aud: reports }), await subject({ exp: 1 })]) {
      const response = await onBehalfOf({ assertion });
      expect([response.statusCode, response.json().error]).toEqual([400, 'invalid_grant']);
    }
  });

  it('must come to the tenant of the assertion', async () => {
    const assertion = await subject({}, globex);
    const at = (tenant: string) => onBehalfOf({ assertion }, { url: `/${tenant}/oauth2/v2.0/token` });
    expect((await at('globex')).statusCode).toBe(200);
    expect((await at('acme')).json().error).toBe('invalid_grant');
  });

  it('keeps a claims challenge of the issuer as MSAL reads it', async () => {
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    acme.answerWith(() => refusal(400, 'interaction_required', { claims, error_description: 'inner text' }));
    const response = await onBehalfOf();
    acme.answerWith(undefined);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({
      error: 'interaction_required',
      error_description: expect.any(String),
      claims,
    });
    expect(response.body).not.toContain('inner text');
  });

  it('is only for clients that are registered for it', async () => {
    const response = await onBehalfOf({ assertion: await subject({ aud: reports }) }, { headers: asReports });
    expect([response.statusCode, response.json().error]).toEqual([400, 'unauthorized_client']);
  });

  it('exchanges with the registration of the client', async () => {
    await onBehalfOf();
    expect(acme.requests.at(-1)?.clientId).toBe(mcp);
  });
});
