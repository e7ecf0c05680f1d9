import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AssertingIdp, startAssertingIdp } from './double.ts';

const mcp = 'https://mcp.example/mcp';
const wiki = 'https://login.wiki.example';
const secret = 'secret of the server';
let idp: AssertingIdp;
beforeAll(async () => {
  idp = await startAssertingIdp({
    clients: [
      {
        clientId: mcp,
        secret,
        assertions: [{ audience: wiki, clientId: 'mcp-at-wiki', scopes: ['wiki.read'] }],
      },
    ],
  });
});
afterAll(() => idp?.close());

const login = (over: object = {}) =>
  idp.mintUserToken({ sub: 'user-1', client: 'inspector', audience: mcp, scope: 'mcp:tools', ...over });

async function ask(form: Readonly<Record<string, string>> = {}) {
  const response = await fetch(idp.tokenEndpoint, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      subject_token: await login(),
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: wiki,
      resource: 'https://api.wiki.example',
      scope: 'wiki.read',
      client_id: mcp,
      client_secret: secret,
      ...form,
    }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('an identity provider that asserts its users', () => {
  it('answers with an assertion for the other side, which is no access token', async () => {
    const { status, body } = await ask({ scope: 'wiki.read wiki.write' });
    expect([status, body]).toEqual([
      200,
      {
        issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
        access_token: expect.any(String),
        token_type: 'N_A',
        scope: 'wiki.read',
        expires_in: 300,
      },
    ]);
    const assertion = String(body.access_token);
    expect(decodeProtectedHeader(assertion)).toMatchObject({ typ: 'oauth-id-jag+jwt', alg: 'RS256' });
    expect(decodeJwt(assertion)).toMatchObject({
      iss: idp.issuer,
      sub: 'user-1',
      aud: wiki,
      client_id: 'mcp-at-wiki',
      resource: 'https://api.wiki.example',
      scope: 'wiki.read',
    });
  });

  it.each([
    ['a wrong secret', { client_secret: 'guess' }, 401, 'invalid_client'],
    ['another audience', { audience: 'https://evil.example' }, 400, 'invalid_target'],
    ['no scope that is allowed', { scope: 'wiki.write' }, 400, 'invalid_scope'],
    [
      'another kind of token',
      { requested_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
      400,
      'invalid_request',
    ],
    ['another grant', { grant_type: 'client_credentials' }, 400, 'unsupported_grant_type'],
    ['a token that is none', { subject_token: 'opaque' }, 400, 'invalid_request'],
  ])('refuses %s', async (_what, form, status, error) => {
    expect(await ask(form)).toEqual({ status, body: { error } });
  });

  it('refuses a token of another API, and one that is over', async () => {
    for (const subject_token of [
      await login({ audience: 'https://other.example' }),
      await login({ lifetime: -1 }),
    ])
      expect(await ask({ subject_token })).toEqual({ status: 400, body: { error: 'invalid_request' } });
  });
});
