import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createLoginBrowser } from '../src/login.ts';
import { claimsOf, mcp, redirectUri, startTestIdp, type TestIdp } from './idp.ts';

let idp: TestIdp;
let receiver: Server;
let receiverUrl: string;
let received: string[] = [];

beforeAll(async () => {
  receiver = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    received.push(new URLSearchParams(body).get('logout_token') ?? '');
    response.writeHead(200).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  receiverUrl = `http://127.0.0.1:${port}/logout`;
  idp = await startTestIdp({ backchannelLogoutUri: receiverUrl });
});
afterAll(async () => {
  await idp.close();
  receiver.close();
});
beforeEach(() => {
  received = [];
});

/** A browser's cookies by hand: the sign-out page is the one page that ends on the provider itself. */
async function signOut(cookies: Map<string, string>) {
  const header = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const keep = (response: Response) => {
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
  };
  const asked = await fetch(`${idp.issuer()}/session/end`, { headers: { cookie: header() } });
  keep(asked);
  const markup = await asked.text();
  expect(markup).toContain('id="logout"');
  const [, xsrf = ''] = /name="xsrf" value="([^"]+)"/.exec(markup) ?? [];
  const done = await fetch(`${idp.issuer()}/session/end/confirm`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: header() },
    body: new URLSearchParams({ xsrf, logout: 'yes' }),
  });
  expect(done.status).toBe(303);
}

async function signIn() {
  const cookies = new Map<string, string>();
  const browser = createLoginBrowser({
    fetch: async (...request) => {
      const response = await fetch(...request);
      for (const cookie of response.headers.getSetCookie()) {
        const [pair = ''] = cookie.split(';');
        if (pair.startsWith('_session'))
          cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
      }
      return response;
    },
  });
  return { cookies, browser };
}

it('tells the client that exchanged a token of the session (OpenID Connect Back-Channel Logout §2.4)', async () => {
  const { cookies, browser } = await signIn();
  const first = await idp.logIn({}, { browser });
  const second = await idp.logIn({ client_id: 'second-agent' }, { browser });
  expect(claimsOf(first.access_token).sid).toBe(claimsOf(second.access_token).sid);
  const exchanged = await idp.exchange(first.access_token);
  await signOut(cookies);

  expect(received).toHaveLength(1);
  const keys = createRemoteJWKSet(new URL(`${idp.issuer()}/jwks`));
  const { payload, protectedHeader } = await jwtVerify(received[0] ?? '', keys, { audience: mcp });
  expect(protectedHeader.typ).toBe('logout+jwt');
  expect(payload).toMatchObject({
    iss: idp.issuer(),
    sub: 'sub-of-alice',
    sid: claimsOf(exchanged.body.access_token).sid,
    events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  });
});

it('tells a client that logged in, and names the session as its ID token and access token did', async () => {
  const registration = await fetch(`${idp.issuer()}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'none',
      backchannel_logout_uri: receiverUrl,
      backchannel_logout_session_required: true,
    }),
  });
  const { client_id } = (await registration.json()) as { client_id: string };
  const { cookies, browser } = await signIn();
  const tokens = await idp.logIn({ client_id, scope: 'openid expenses:read' }, { browser });
  await signOut(cookies);
  const { sid } = claimsOf(tokens.access_token);
  expect(claimsOf(String(tokens.id_token)).sid).toBe(sid);
  expect(received.map((token) => claimsOf(token).sid)).toEqual([sid]);
});

it('ends refresh tokens and exchanges of the session', async () => {
  const { cookies, browser } = await signIn();
  const tokens = await idp.logIn({}, { browser });
  await signOut(cookies);
  expect((await idp.exchange(tokens.access_token)).body.error).toBe('invalid_request');
  const refreshed = await idp.token({
    grant_type: 'refresh_token',
    client_id: 'agent',
    refresh_token: tokens.refresh_token,
  });
  expect(refreshed.body.error).toBe('invalid_grant');
});

it('tells nobody who has no token of the session', async () => {
  const { cookies, browser } = await signIn();
  await idp.logIn({}, { browser });
  await signOut(cookies);
  expect(received).toEqual([]);
});
