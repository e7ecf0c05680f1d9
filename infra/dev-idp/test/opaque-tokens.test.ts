import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { api, mcp, secrets, startTestIdp, type TestIdp } from './idp.ts';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp({ opaqueResources: [api] });
});
afterAll(() => idp.close());

const asServer = { client_id: mcp, secret: secrets.mcp };
const asOther = { client_id: 'http://127.0.0.1:4999/other', secret: secrets.other };

/** Sends a token to an endpoint as a client. */
async function send(path: string, token: string, { client_id, secret } = asServer) {
  const authorization = `Basic ${Buffer.from(`${encodeURIComponent(client_id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
  const response = await fetch(`${idp.issuer()}${path}`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams({ token, token_type_hint: 'access_token' }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

const isActive = async (token: string) => (await send('/token/introspection', token)).body.active;

/** A login, and a token that was exchanged for it. */
async function logIn() {
  const { access_token: subject, refresh_token: refreshToken } = await idp.logIn();
  const { body } = await idp.exchange(subject);
  return { subject, refreshToken, exchanged: body.access_token };
}

describe('a token of a resource in opaque_resources', () => {
  it('is no JWT, and is known to who asks', async () => {
    const { exchanged } = await logIn();
    expect(exchanged).not.toContain('.');
    expect((await send('/token/introspection', exchanged)).body).toMatchObject({
      active: true,
      client_id: mcp,
      sub: 'sub-of-alice',
      aud: api,
    });
  });

  it('is revoked by the client it was issued to, and the login that it came from goes on', async () => {
    const [one, other] = [await logIn(), await logIn()];
    expect((await send('/token/revocation', one.exchanged)).status).toBe(200);
    expect([await isActive(one.exchanged), await isActive(other.exchanged)]).toEqual([false, true]);
    expect((await idp.exchange(one.subject)).status).toBe(200);
    const refreshed = await idp.token({
      grant_type: 'refresh_token',
      refresh_token: one.refreshToken ?? '',
      client_id: 'agent',
    });
    expect(refreshed.status).toBe(200);
  });

  it('is left alone by any other client (RFC 7009 §2.1)', async () => {
    const { exchanged } = await logIn();
    expect((await send('/token/revocation', exchanged, asOther)).status).toBe(200);
    expect(await isActive(exchanged)).toBe(true);
  });
});
