import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestIdp, type TestIdp } from './idp.ts';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp();
});
afterAll(() => idp.close());

describe('authorization server metadata', () => {
  it.each([
    ['RFC 8414, path inserted', '/.well-known/oauth-authorization-server/acme'],
    ['OpenID Connect, path inserted', '/.well-known/openid-configuration/acme'],
    ['OpenID Connect, path appended', '/acme/.well-known/openid-configuration'],
    ['RFC 8414, path appended', '/acme/.well-known/oauth-authorization-server'],
  ])('is at the location of %s, for any origin', async (_case, path) => {
    const response = await fetch(idp.url + path, { headers: { origin: 'https://browser.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://browser.example');
    expect(await response.json()).toMatchObject({
      issuer: idp.issuer(),
      authorization_endpoint: `${idp.issuer()}/auth`,
      token_endpoint: `${idp.issuer()}/token`,
      jwks_uri: `${idp.issuer()}/jwks`,
      registration_endpoint: `${idp.issuer()}/reg`,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
      backchannel_logout_supported: true,
      response_types_supported: ['code'],
    });
  });

  it('does not offer offline_access, for which clients would force the consent page', async () => {
    const response = await fetch(`${idp.issuer()}/.well-known/openid-configuration`);
    const { scopes_supported: scopes } = (await response.json()) as { scopes_supported: string[] };
    expect(scopes).not.toContain('offline_access');
  });

  it('is not there for a tenant that does not exist', async () => {
    expect((await fetch(`${idp.url}/.well-known/openid-configuration/initech`)).status).toBe(404);
    expect((await fetch(`${idp.url}/initech/auth`)).status).toBe(404);
  });
});

describe('browser clients', () => {
  it.each(['/token', '/reg'])('may post to %s', async (path) => {
    const response = await fetch(idp.issuer() + path, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:6274',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toMatch(/^(\*|http:\/\/localhost:6274)$/);
    expect(response.headers.get('access-control-allow-headers')).toContain('content-type');
  });
});

/** A request as it is written, which `fetch` would put right. */
const rawStatus = (path: string, headers: Record<string, string> = {}) =>
  new Promise<number | undefined>((resolve, reject) => {
    request({ host: '127.0.0.1', port: new URL(idp.url).port, path, headers })
      .on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      })
      .on('error', reject)
      .end();
  });

it('answers no other Host than its own, so that a rebound name sees nothing', async () => {
  expect(await rawStatus('/acme/jwks')).toBe(200);
  expect(await rawStatus('/acme/jwks', { host: 'attacker.example' })).toBe(421);
  expect(await rawStatus('http://attacker.example/acme/jwks', {})).toBe(421);
});

it.each([
  ['//', 400],
  ['/%', 404],
  ['/acme', 404],
  ['/acme/%', 404],
  ['/acme/interaction/%', 400],
])('answers %s with %s', async (path, status) => {
  expect(await rawStatus(path)).toBe(status);
});

it('says that it is healthy', async () => {
  const response = await fetch(`${idp.url}/health`);
  expect(await response.json()).toEqual({ status: 'ok', tenants: ['acme', 'globex'] });
});
