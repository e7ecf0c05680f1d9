import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDevIdp } from '../src/server.ts';
import { mcp, parseConfig, secrets, startTestIdp, type TestIdp, testConfig } from './idp.ts';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp();
});
afterAll(() => idp.close());

const post = async (path: string, params: Record<string, string>) => {
  const response = await fetch(idp.issuer() + path, { method: 'POST', body: new URLSearchParams(params) });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as object) };
};
const wrongSecret = { client_id: mcp, client_secret: 'wrong' };
const asServer = async (path: string, token: string) => {
  const response = await fetch(idp.issuer() + path, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(mcp)}:${secrets.mcp}`).toString('base64')}`,
    },
    body: new URLSearchParams({ token }),
  });
  return (await response.json()) as Record<string, unknown>;
};

describe('revocation (RFC 7009)', () => {
  it('answers 200 for a token that does not exist', async () => {
    expect((await post('/token/revocation', { token: 'unknown', client_id: 'agent' })).status).toBe(200);
  });

  it('by another client changes nothing', async () => {
    const { refresh_token } = await idp.logIn();
    await post('/token/revocation', { token: refresh_token, client_id: 'second-agent' });
    const refreshed = await idp.token({ grant_type: 'refresh_token', client_id: 'agent', refresh_token });
    expect(refreshed.status).toBe(200);
  });

  it('refuses a JWT access token: there is nothing stored to take back', async () => {
    const { access_token: token } = await idp.logIn();
    const { status, body } = await post('/token/revocation', { token, client_id: 'agent' });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: 'unsupported_token_type' });
  });
});

describe('introspection (RFC 7662)', () => {
  it('tells an authenticated client about a refresh token, and a public one nothing', async () => {
    const { refresh_token } = await idp.logIn();
    expect(await asServer('/token/introspection', refresh_token)).toMatchObject({
      active: true,
      client_id: 'agent',
      sub: 'sub-of-alice',
    });
    const other = await post('/token/introspection', { token: refresh_token, client_id: 'second-agent' });
    expect(other.body).toEqual({ active: false });
  });

  it('refuses a client with a wrong secret', async () => {
    const { refresh_token } = await idp.logIn();
    const { status, body } = await post('/token/introspection', { token: refresh_token, ...wrongSecret });
    expect({ status, body }).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });
});

it('does not start with a client that could never be used, and names it', async () => {
  const config = testConfig();
  const [acme] = config.tenants;
  const broken = { client_id: 'broken', redirect_uris: ['no uri'] };
  const start = startDevIdp(
    parseConfig({ ...config, tenants: [{ ...acme, clients: [broken], exchange: [], machine: [] }] }),
    {
      log: { info: () => {}, warn: () => {}, error: () => {} },
      now: Date.now,
      random: (bytes) => Buffer.alloc(bytes, 1),
      fetch,
    },
  );
  await expect(start).rejects.toThrow(
    'tenants, acme, client broken: redirect_uris must only contain valid uris',
  );
});
