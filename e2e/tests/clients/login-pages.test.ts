import { createLoginBrowser } from '@mcp-obo/dev-idp/login';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, inject, it } from 'vitest';
import { post } from './fixture/mcp-http.ts';
import { createMemoryProvider, redirectUrl } from './fixture/memory-provider.ts';
import { authorizationRequest, discover, logInByHand, register } from './fixture/raw-login.ts';
import { connectV2 } from './fixture/sdk-v2.ts';
import { credentialsOf } from './fixture/test-platform.ts';
import { type UserAtBrowser, userAtBrowser } from './fixture/user-at-browser.ts';

const platform = inject('platform');

/** A login request of a client that has just registered. */
async function newRequest(scope = 'mcp:tools:execute expenses:read') {
  const { resource, server } = await discover(platform.urls.mcp);
  const client_id = await register(server.registration_endpoint, redirectUrl);
  const at = { client_id, redirect_uri: redirectUrl, resource: resource.resource, scope };
  return { ...authorizationRequest(server.authorization_endpoint, at), client_id, server };
}

describe('a person at the login page', () => {
  it('reads that the password is wrong, without which of the two it was, and can try again', async () => {
    const { url } = await newRequest();
    const browser = createLoginBrowser();
    for (const wrong of [
      { username: 'alice', password: 'bob-password' },
      { username: 'nobody', password: 'bob-password' },
    ]) {
      await expect(browser.authorize({ authorizationUrl: url, ...wrong })).rejects.toThrow(
        'The identity provider says: User name or password is wrong.',
      );
    }
    const back = await browser.authorize({ authorizationUrl: url, ...credentialsOf(platform, 'alice') });
    expect(back.searchParams.get('code')).toEqual(expect.any(String));
  });

  it('can deny: the client learns that, and nothing else', async () => {
    const { url, server } = await newRequest();
    const answer = await userAtBrowser(platform, 'alice').deny(url);
    expect(Object.fromEntries(answer)).toEqual({
      error: 'access_denied',
      error_description: 'the user said no',
      state: url.searchParams.get('state'),
      iss: server.issuer,
    });
  });

  it('can deny a step-up and keeps what was allowed before', async () => {
    const provider = createMemoryProvider();
    const bob = userAtBrowser(platform, 'bob');
    let willing = true;
    const user: UserAtBrowser = { ...bob, allow: (url) => (willing ? bob.allow(url) : bob.deny(url)) };
    const { client, call } = await connectV2(platform.urls.mcp, provider, user);
    willing = false;
    const args = { amount: 1, currency: 'EUR', description: 'Denied' };
    await expect(call('submit_expense', args)).rejects.toThrow();
    expect((await call('list_expenses')).structuredContent).not.toMatchObject({
      expenses: expect.arrayContaining([expect.objectContaining({ description: 'Denied' })]),
    });
    await client.close();
  });

  it('of one tenant cannot log in at the other', async () => {
    const { url } = await newRequest();
    const gina = credentialsOf(platform, 'gina');
    await expect(createLoginBrowser().authorize({ authorizationUrl: url, ...gina })).rejects.toThrow(
      'User name or password is wrong.',
    );
  });
});

describe('the identity provider, asked by a client', () => {
  it(verifies('cl:pkce', 'wants PKCE, and with S256'), async () => {
    for (const change of [
      (url: URL) => url.searchParams.delete('code_challenge'),
      (url: URL) => url.searchParams.set('code_challenge_method', 'plain'),
    ]) {
      const { url } = await newRequest();
      change(url);
      const answer = new URL((await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '')
        .searchParams;
      expect(answer.get('error')).toBe('invalid_request');
    }
  });

  it(
    verifies('cl:pkce', 'gives no token for a code without its verifier, nor for one used before'),
    async () => {
      const { url, verifier, client_id, server } = await newRequest();
      const code = (await userAtBrowser(platform, 'alice').allow(url)).get('code') ?? '';
      const redeem = async (code_verifier: string) => {
        const body = { grant_type: 'authorization_code', code, client_id, redirect_uri: redirectUrl };
        const response = await fetch(server.token_endpoint, {
          method: 'POST',
          body: new URLSearchParams({ ...body, code_verifier, resource: platform.urls.mcp }),
        });
        return response.json();
      };
      expect(await redeem('x'.repeat(43))).toMatchObject({ error: 'invalid_grant' });
      expect(await redeem(verifier)).toMatchObject({ access_token: expect.any(String) });
      expect(await redeem(verifier)).toMatchObject({ error: 'invalid_grant' });
    },
  );

  it(
    verifies('cl:resource', 'refuses a resource it does not know, and that of the downstream API'),
    async () => {
      for (const resource of ['https://elsewhere.example/mcp', 'api://expenses']) {
        const { url } = await newRequest();
        url.searchParams.set('resource', resource);
        const location = (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '';
        expect(new URL(location).searchParams.get('error')).toBe('invalid_target');
      }
    },
  );

  it(
    verifies(
      'rs:both-eras',
      'gives a client that names no scope and no resource, as early ones do, the first scopes',
    ),
    async () => {
      const { url, verifier, client_id, server } = await newRequest();
      url.searchParams.delete('scope');
      url.searchParams.delete('resource');
      const alice = userAtBrowser(platform, 'alice');
      const code = (await alice.allow(url)).get('code') ?? '';
      expect(alice.pages()).toEqual(['login', 'consent']);
      const response = await fetch(server.token_endpoint, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code,
          client_id,
          redirect_uri: redirectUrl,
          code_verifier: verifier,
        }),
      });
      const tokens = (await response.json()) as { access_token: string; scope: string };
      expect(tokens.scope).toBe('mcp:tools:execute expenses:read');
      const call = {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'list_expenses', arguments: {} },
      };
      const { messages } = await post(platform.urls.mcp, call, {
        authorization: `Bearer ${tokens.access_token}`,
      });
      expect(messages[0].result.structuredContent.expenses.length).toBeGreaterThan(0);
    },
  );

  it('sends nobody to an address that was not registered', async () => {
    const { url } = await newRequest();
    url.searchParams.set('redirect_uri', 'http://127.0.0.1:8090/other');
    const response = await fetch(url, { redirect: 'manual' });
    expect({ status: response.status, location: response.headers.get('location') }).toEqual({
      status: 400,
      location: null,
    });
  });

  it('takes the client that is registered in advance, on any port of loopback', async () => {
    const { client_id } = platform.clients.interactive;
    const redirectUri = 'http://localhost:51234/callback';
    const login = await logInByHand(platform, { username: 'maria', clientId: client_id, redirectUri });
    expect(login.scope).toBe('mcp:tools:execute expenses:read');
  });
});
