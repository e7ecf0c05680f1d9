import { type AuthSessionOptions, createAuthSession } from '@mcp-obo/client';
import { createTransport } from '@mcp-obo/client/sdk-v2';
import { createGuardedFetch } from '@mcp-obo/metadata';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Client } from '@modelcontextprotocol/client';
import { describe, expect, inject, it } from 'vitest';
import { userAtBrowser } from './fixture/user-at-browser.ts';

const platform = inject('platform');

/** A session of `@mcp-obo/client` whose login pages and token requests are written down. */
function observedSession(username: string, options: Partial<AuthSessionOptions> = {}) {
  const pages: URL[] = [];
  const tokenRequests: URLSearchParams[] = [];
  const refreshTokens: string[] = [];
  const user = userAtBrowser(platform, username);
  const guarded = createGuardedFetch({ allowLoopbackHttp: true });
  const session = createAuthSession({
    serverUrl: platform.urls.mcp,
    openBrowser: async (page) => {
      pages.push(page);
      const answer = await user.allow(page);
      await fetch(`${page.searchParams.get('redirect_uri')}?${answer}`);
    },
    authorizationFetch: async (url, init) => {
      const response = await guarded(url, init);
      if (!String(url).endsWith('/token')) return response;
      tokenRequests.push(new URLSearchParams(String(init?.body)));
      const { refresh_token } = (await response.clone().json()) as { refresh_token: string };
      refreshTokens.push(refresh_token);
      return response;
    },
    ...options,
  });
  return { session, pages, tokenRequests, refreshTokens };
}

describe('@mcp-obo/client at the platform', () => {
  it(
    verifies(['cl:pkce', 'cl:resource'], 'logs in with S256, state, and the resource in both requests'),
    async () => {
      const { session, pages, tokenRequests } = observedSession('alice');
      const client = new Client({ name: 'own', version: '1' }, { versionNegotiation: { mode: 'auto' } });
      await client.connect(createTransport(session));
      expect(pages).toHaveLength(1);
      const asked = Object.fromEntries(pages[0]?.searchParams ?? []);
      expect(asked).toMatchObject({
        code_challenge_method: 'S256',
        code_challenge: expect.stringMatching(/^[\w-]{43}$/),
        state: expect.stringMatching(/^[\w-]{43}$/),
        resource: platform.urls.mcp,
        scope: 'mcp:tools:execute expenses:read',
        redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
      });
      const [redeemed] = tokenRequests;
      expect(redeemed?.get('resource')).toBe(platform.urls.mcp);
      expect(redeemed?.get('redirect_uri')).toBe(asked.redirect_uri);
      expect(redeemed?.get('code_verifier')).toMatch(/^[\w-]{43}$/);
      await client.close();
    },
  );

  it(verifies('cl:pkce', 'redeems no code that another issuer claims to have sent (RFC 9207)'), async () => {
    const user = userAtBrowser(platform, 'alice');
    const { session, tokenRequests } = observedSession('alice', {
      openBrowser: async (page) => {
        const answer = await user.allow(page);
        answer.set('iss', platform.urls.issuers.globex);
        await fetch(`${page.searchParams.get('redirect_uri')}?${answer}`);
      },
    });
    await expect(session.login()).rejects.toThrow();
    expect(tokenRequests).toEqual([]);
  });

  it(
    verifies(
      'cl:refresh',
      'refreshes before the token ends, keeps the rotated one, and notices nothing else',
    ),
    async () => {
      const clock = { ahead: 0 };
      const { session, pages, tokenRequests } = observedSession('bob', {
        now: () => Date.now() + clock.ahead,
      });
      await session.login();
      const first = await session.token();
      const { expiresAt = 0 } = (await session.status()) ?? {};
      clock.ahead = expiresAt * 1000 - Date.now() - 5000;
      const second = await session.token();
      clock.ahead += 900_000;
      const third = await session.token();
      expect(new Set([first, second, third]).size).toBe(3);
      expect(pages).toHaveLength(1);
      const refreshes = tokenRequests.filter((body) => body.get('grant_type') === 'refresh_token');
      expect(new Set(refreshes.map((body) => body.get('refresh_token'))).size).toBe(2);
    },
  );

  it(
    verifies('cl:refresh', 'revokes at sign-out: the refresh token it had is worth nothing afterwards'),
    async () => {
      const { session, pages, tokenRequests, refreshTokens } = observedSession('maria');
      await session.login();
      expect(await session.signOut()).toMatchObject({ revoked: true });
      expect(await session.token()).toBeUndefined();
      // The test before shows that without the sign-out it would have been good.
      const body = {
        grant_type: 'refresh_token',
        client_id: tokenRequests[0]?.get('client_id') ?? '',
        refresh_token: refreshTokens.at(-1) ?? '',
        resource: platform.urls.mcp,
      };
      const refused = await fetch(`${platform.urls.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams(body),
      });
      expect(await refused.json()).toMatchObject({ error: 'invalid_grant' });
      await session.login();
      expect(pages).toHaveLength(2);
    },
  );
});
