import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoginBrowser } from '../src/login.ts';
import { api, claimsOf, headerOf, mcp, redirectUri, startTestIdp, type TestIdp } from './idp.ts';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp();
});
afterAll(() => idp.close());

describe('access token', () => {
  it('has header and claims of RFC 9068 and says who, how, when and in which session', async () => {
    const { access_token: token, ...answer } = await idp.logIn();
    const now = Math.floor(Date.now() / 1000);
    expect(headerOf(token)).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: expect.any(String) });
    expect(claimsOf(token)).toEqual({
      iss: idp.issuer(),
      aud: mcp,
      sub: 'sub-of-alice',
      client_id: 'agent',
      scope: 'mcp:tools:execute expenses:read',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
      auth_time: expect.any(Number),
      acr: 'urn:mcp:password',
      amr: ['pwd'],
      roles: ['employee'],
      groups: ['/staff/alice'],
      sid: expect.any(String),
    });
    const { iat, exp, auth_time: authTime } = claimsOf(token);
    expect(Number(exp) - Number(iat)).toBe(900);
    expect(Math.abs(Number(authTime) - now)).toBeLessThan(30);
    expect(answer).toMatchObject({
      token_type: 'Bearer',
      expires_in: 900,
      scope: 'mcp:tools:execute expenses:read',
      refresh_token: expect.any(String),
    });
  });

  it('verifies with the published keys', async () => {
    const { access_token: token } = await idp.logIn();
    const keys = createRemoteJWKSet(new URL(`${idp.issuer()}/jwks`));
    await expect(jwtVerify(token, keys, { audience: mcp, issuer: idp.issuer() })).resolves.toBeDefined();
  });

  it('is for the default resource when a client names none (MCP before 2025-06-18)', async () => {
    const callback = await idp.authorize({ resource: undefined });
    const { body } = await idp.redeem(callback, { resource: '' });
    expect(claimsOf(body.access_token).aud).toBe(mcp);
  });
});

describe('authorization request', () => {
  it.each([
    ['no scope', undefined, mcp],
    ['an empty scope', '', mcp],
    ['neither scope nor resource', undefined, undefined],
  ])('with %s gets the default scopes of the resource (RFC 6749 §3.3)', async (_case, scope, resource) => {
    const callback = await idp.authorize({ scope, resource });
    const { body } = await idp.redeem(callback, { resource: resource ?? '' });
    expect(body.scope).toBe('mcp:tools:execute expenses:read');
  });

  it('is answered with state and issuer (RFC 9207)', async () => {
    const callback = await idp.authorize();
    expect(callback.href.startsWith(redirectUri)).toBe(true);
    expect(callback.searchParams.get('state')).toBe('state-1');
    expect(callback.searchParams.get('iss')).toBe(idp.issuer());
  });

  it('needs PKCE with S256', async () => {
    const without = await idp.authorize({ code_challenge: undefined, code_challenge_method: undefined });
    expect(without.searchParams.get('error')).toBe('invalid_request');
    const plain = await idp.authorize({ code_challenge_method: 'plain' });
    expect(plain.searchParams.get('error')).toBe('invalid_request');
  });

  it('refuses a code with a wrong verifier, and the code a second time', async () => {
    const callback = await idp.authorize();
    expect((await idp.redeem(callback, { code_verifier: 'x'.repeat(43) })).body.error).toBe('invalid_grant');
    const used = await idp.authorize();
    expect((await idp.redeem(used)).status).toBe(200);
    expect((await idp.redeem(used)).body.error).toBe('invalid_grant');
  });

  it.each([
    ['an unknown resource', 'http://127.0.0.1:4000/other'],
    ['a trailing slash', `${mcp}/`],
    ['a target that is reached by exchange only', api],
  ])('refuses %s with invalid_target (RFC 8707 §2)', async (_case, resource) => {
    const callback = await idp.authorize({ resource });
    expect(callback.searchParams.get('error')).toBe('invalid_target');
  });

  it('shows a page and redirects nowhere for a redirect URI that is not registered', async () => {
    const url = idp.authorizationUrl({ redirect_uri: 'https://attacker.example/cb' });
    const response = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).toContain('invalid_redirect_uri');
  });

  it('accepts any port of a loopback redirect (RFC 8252 §7.3)', async () => {
    const callback = await idp.authorize({ redirect_uri: 'http://127.0.0.1:9123/callback' });
    expect(callback.port).toBe('9123');
    expect(callback.searchParams.get('code')).not.toBeNull();
  });
});

describe('login page', () => {
  it('names tenant and client, labels its fields, escapes text and runs no scripts', async () => {
    const response = await fetch(idp.authorizationUrl(), { redirect: 'manual' });
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
    const shown = await fetch(new URL(response.headers.get('location') ?? '', idp.url), {
      headers: { cookie: cookies.join('; ') },
    });
    const markup = await shown.text();
    expect(markup).toContain('<strong id="tenant">acme</strong>');
    expect(markup).toContain('The &lt;Agent&gt;');
    expect(markup).not.toContain('<Agent>');
    expect(markup).toContain('<label for="username">');
    expect(markup).toContain('<label for="password">');
    expect(markup).not.toContain('<script');
    expect(shown.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(shown.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['a wrong password', { username: 'alice', password: 'wrong' }],
    ['an unknown user', { username: 'nobody', password: 'wrong' }],
    ['a user of the other tenant', { username: 'gina', password: 'gina-password' }],
  ])('says that name or password is wrong for %s', async (_case, credentials) => {
    await expect(idp.authorize({}, credentials)).rejects.toThrow('User name or password is wrong.');
  });

  it('answers an interaction that is over with a page, not with an error', async () => {
    const response = await fetch(`${idp.issuer()}/interaction/does-not-exist`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('This sign-in has ended');
  });
});

describe('consent', () => {
  it('names the API, the scopes in words, the user and where the answer goes', async () => {
    const shown: string[] = [];
    const browser = createLoginBrowser({
      fetch: async (...request) => {
        const response = await fetch(...request);
        shown.push(await response.clone().text());
        return response;
      },
    });
    await idp.authorize({ client_id: await registered() }, { browser });
    const [, markup] = shown.filter((text) => text.includes('<form'));
    expect(markup).toContain('Expenses for agents');
    expect(markup).toContain('Use tools in your name <code>mcp:tools:execute</code>');
    expect(markup).toContain('See your expenses <code>expenses:read</code>');
    expect(markup).not.toContain('expenses:write');
    expect(markup).toContain('<strong id="user">Alice</strong>');
    expect(markup).toContain('<code id="redirect">127.0.0.1:7777</code>');
  });

  it('that is denied gives the client access_denied and no code', async () => {
    const client = await registered();
    const denied = await idp.authorize({ client_id: client }, { consent: 'deny' });
    expect(denied.searchParams.get('error')).toBe('access_denied');
    expect(denied.searchParams.get('code')).toBeNull();
  });

  it('is asked once per client and scope, also in a new session', async () => {
    const client_id = await registered();
    const first = createLoginBrowser();
    await idp.authorize({ client_id }, { browser: first });
    expect(first.pages).toEqual(['login', 'consent']);
    const second = createLoginBrowser();
    await idp.authorize({ client_id }, { browser: second });
    expect(second.pages).toEqual(['login']);
  });

  it('is asked again for new scopes only, and the token then has both (step-up)', async () => {
    const client_id = await registered();
    const browser = createLoginBrowser();
    await idp.authorize({ client_id, scope: 'expenses:read' }, { browser });
    const more = { client_id, scope: 'expenses:read expenses:write' };
    const callback = await idp.authorize(more, { browser });
    expect(browser.pages).toEqual(['consent']);
    const { body } = await idp.redeem(callback, { client_id });
    expect(body.scope).toBe('expenses:read expenses:write');
  });

  it('of one user is not the consent of another', async () => {
    const client_id = await registered();
    await idp.authorize({ client_id });
    const browser = createLoginBrowser();
    await idp.authorize({ client_id }, { browser, username: 'maria' });
    expect(browser.pages).toEqual(['login', 'consent']);
  });

  it('is asked in any case with prompt=consent', async () => {
    const client_id = await registered();
    const browser = createLoginBrowser();
    await idp.authorize({ client_id }, { browser });
    const callback = await idp.authorize({ client_id, prompt: 'consent' }, { browser });
    expect(browser.pages).toEqual(['consent']);
    expect((await idp.redeem(callback, { client_id })).status).toBe(200);
  });
});

describe('refresh token', () => {
  it('rotates, keeps user and session, and a replay ends the whole grant (RFC 9700 §4.14.2)', async () => {
    const first = await idp.logIn();
    const refresh = (refresh_token: string) =>
      idp.token({ grant_type: 'refresh_token', client_id: 'agent', refresh_token, resource: mcp });
    const second = await refresh(first.refresh_token);
    expect(second.status).toBe(200);
    expect(second.body.refresh_token).not.toBe(first.refresh_token);
    const { sub, sid, auth_time, acr, amr, roles } = claimsOf(second.body.access_token);
    expect({ sub, sid, auth_time, acr, amr, roles }).toEqual(pick(claimsOf(first.access_token)));
    expect((await refresh(first.refresh_token)).body.error).toBe('invalid_grant');
    expect((await refresh(second.body.refresh_token)).body.error).toBe('invalid_grant');
  });

  it('cannot be widened', async () => {
    const { refresh_token } = await idp.logIn({ scope: 'expenses:read' });
    const answer = await idp.token({
      grant_type: 'refresh_token',
      client_id: 'agent',
      refresh_token,
      scope: 'expenses:read expenses:write',
    });
    expect(answer.body.error).toBe('invalid_scope');
  });
});

describe('tenants', () => {
  it('do not know each other: a code of one is unknown at the other', async () => {
    const callback = await idp.authorize();
    const { body } = await idp.redeem(callback, {}, { tenant: 'globex' });
    expect(body.error).toBe('invalid_grant');
  });

  it('have keys, users and sessions of their own', async () => {
    const browser = createLoginBrowser();
    await idp.authorize({}, { browser });
    const { access_token: token } = await idp.logIn({}, { browser, tenant: 'globex', username: 'gina' });
    expect(browser.pages).toEqual(['login', 'consent']);
    expect(claimsOf(token)).toMatchObject({ iss: idp.issuer('globex'), sub: 'sub-of-gina' });
    const acmeKeys = createRemoteJWKSet(new URL(`${idp.issuer('acme')}/jwks`));
    await expect(jwtVerify(token, acmeKeys)).rejects.toThrow();
  });
});

async function registered(): Promise<string> {
  const response = await fetch(`${idp.issuer()}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' }),
  });
  const { client_id } = (await response.json()) as { client_id: string };
  return client_id;
}

function pick({ sub, sid, auth_time, acr, amr, roles }: Record<string, unknown>) {
  return { sub, sid, auth_time, acr, amr, roles };
}
