import { createHash } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import type { Behaviour } from '../test/authorization-server.ts';
import { listening } from '../test/http.ts';
import { type Stage, setStage } from '../test/stage.ts';
import { agreeingUser } from '../test/user.ts';

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.close();
  stage = undefined;
});

async function on(behaviour: Behaviour = {}): Promise<Stage> {
  stage = await setStage(behaviour);
  return stage;
}

describe('a first request', () => {
  it('is refused, brings a login, and is repeated with the token', async () => {
    const { issuer, resource, session } = await on();
    const response = await session().fetch(resource.url, { method: 'POST', body: '{}' });
    expect(response.status).toBe(200);
    const [token] = issuer.accessTokens.keys();
    expect(resource.requests).toEqual(['POST /mcp -', `POST /mcp ${token}`]);
  });

  it(
    verifies('cl:pkce', 'sends the S256 challenge of the verifier that redeems the code (RFC 7636 §4)'),
    async () => {
      const { issuer, resource, session } = await on();
      await session().fetch(resource.url);
      const [asked] = issuer.authorizations;
      const verifier = issuer.tokenRequests[0]?.code_verifier ?? '';
      expect(verifier).toMatch(/^[\w-]{43}$/);
      expect(asked).toMatchObject({
        response_type: 'code',
        code_challenge_method: 'S256',
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      });
      expect(asked?.state).toMatch(/^[\w-]{43}$/);
      expect(asked?.state).not.toBe(verifier);
    },
  );

  it(verifies('cl:pkce', 'takes state and verifier from fresh randomness each time'), async () => {
    const { issuer, session } = await on();
    await session().login();
    await session().login();
    const [first, second] = issuer.authorizations;
    expect(first?.state).not.toBe(second?.state);
    expect(first?.code_challenge).not.toBe(second?.code_challenge);
  });

  it(
    verifies('cl:resource', 'names the resource in the authorization and in the token request (RFC 8707 §2)'),
    async () => {
      const { issuer, resource, session } = await on();
      await session().fetch(resource.url);
      expect(issuer.authorizations[0]?.resource).toBe(resource.url);
      expect(issuer.tokenRequests[0]?.resource).toBe(resource.url);
    },
  );

  it('asks for the scopes of the challenge and those the application wants', async () => {
    const { issuer, resource, session } = await on();
    await session({ scopes: ['c'] }).fetch(resource.url);
    expect(issuer.authorizations[0]?.scope).toBe('a c');
  });

  it('asks for offline access with consent where it is offered, and not where it is not wanted', async () => {
    const { issuer, session } = await on({ scopes: ['a', 'offline_access'] });
    await session().login();
    expect(issuer.authorizations[0]).toMatchObject({ scope: 'a offline_access', prompt: 'consent' });
    await session({ offlineAccess: false }).login();
    expect(issuer.authorizations[1]).toMatchObject({ scope: 'a' });
    expect(issuer.authorizations[1]).not.toHaveProperty('prompt');
  });

  it('opens one login page however many requests wait for it', async () => {
    const { opened, resource, session } = await on();
    const { fetch } = session();
    const responses = await Promise.all(Array.from({ length: 8 }, () => fetch(resource.url)));
    expect(responses.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(opened).toHaveLength(1);
  });

  it('that the user refuses is not asked for again by the requests that waited', async () => {
    const { opened, resource, session } = await on({ refuse: 'access_denied' });
    const { fetch } = session();
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => fetch(resource.url)));
    expect(results.map((result) => result.status === 'rejected' && result.reason.reason)).toEqual(
      Array(4).fill('access_denied'),
    );
    expect(opened).toHaveLength(1);
  });
});

describe('the authorization response', () => {
  it.each<[string, Behaviour]>([
    ['of another issuer', { iss: () => 'https://evil.example' }],
    ['of the issuer with a slash added', { iss: (issuer) => `${issuer}/` }],
  ])(verifies('cl:pkce', 'is refused when it is %s (RFC 9207 §2.4)'), async (_name, behaviour) => {
    const { issuer, session } = await on(behaviour);
    await expect(session().login()).rejects.toMatchObject({ code: 'access_denied' });
    expect(issuer.tokenRequests).toEqual([]);
  });

  it(verifies('cl:pkce', 'is refused without iss when the server promised one (RFC 9207 §2.4)'), async () => {
    const { issuer, session } = await on();
    const strip = async (url: URL) => {
      const back = new URL((await fetch(url, { redirect: 'manual' })).headers.get('location') ?? '');
      back.searchParams.delete('iss');
      await fetch(back);
    };
    await expect(session({ openBrowser: strip }).login()).rejects.toMatchObject({ reason: 'login_failed' });
    expect(issuer.tokenRequests).toEqual([]);
  });

  it('is taken without iss from a server that promised none', async () => {
    const { session } = await on({ iss: () => undefined });
    await expect(session().login()).resolves.toMatchObject({ scopes: ['a'] });
  });

  it(
    verifies('cl:pkce', 'of another state does not end the login: the user can still finish it'),
    async () => {
      const { issuer, session } = await on();
      const statuses: number[] = [];
      const attacked = async (url: URL) => {
        const forged = new URL(url.searchParams.get('redirect_uri') ?? '');
        forged.search = `?code=stolen&state=guessed&iss=${encodeURIComponent(issuer.issuer)}`;
        statuses.push((await fetch(forged)).status);
        await agreeingUser(url);
      };
      await session({ openBrowser: attacked }).login();
      expect(statuses).toEqual([400]);
      expect(issuer.tokenRequests.map(({ code }) => code)).not.toContain('stolen');
    },
  );

  it(verifies('cl:pkce', 'of another state is refused also when a receiver lets it through'), async () => {
    const { issuer, session } = await on();
    const redirectReceiver = {
      listen: async (redirectUri: string) => ({
        redirectUri,
        redirected: async () => new URL(`${redirectUri}?code=c&state=other&iss=${issuer.issuer}`),
        close: async () => undefined,
      }),
    };
    await expect(session({ redirectReceiver }).login()).rejects.toMatchObject({ reason: 'login_failed' });
    expect(issuer.tokenRequests).toEqual([]);
  });

  it(verifies('cl:pkce', 'comes back to the very redirect URI that was sent'), async () => {
    const { issuer, session } = await on();
    await session().login();
    const sent = issuer.authorizations[0]?.redirect_uri;
    expect(sent).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+\/callback$/);
    expect(issuer.tokenRequests[0]?.redirect_uri).toBe(sent);
  });

  it('with an error says which', async () => {
    const { session } = await on({ refuse: 'temporarily_unavailable' });
    await expect(session().login()).rejects.toMatchObject({
      code: 'access_denied',
      reason: 'temporarily_unavailable',
    });
  });

  it('that never comes ends the login in time and frees the port', async () => {
    const { session, opened } = await on();
    const waiting = session({ openBrowser: () => undefined, loginTimeoutMs: 60 });
    await expect(waiting.login()).rejects.toMatchObject({ reason: 'login_timeout' });
    await expect(fetch(opened[0]?.searchParams.get('redirect_uri') ?? '')).rejects.toThrow();
  });

  it('is not waited for when no browser can be opened', async () => {
    const { session } = await on();
    const broken = session({
      openBrowser: () => {
        throw new Error('no browser');
      },
    });
    await expect(broken.login()).rejects.toMatchObject({ reason: 'login_failed' });
  });
});

describe('a login is not begun', () => {
  it.each<[string, Behaviour, string]>([
    ['without PKCE', { pkce: [] }, 'no_pkce'],
    ['with the plain method alone', { pkce: ['plain'] }, 'no_pkce'],
  ])(verifies('cl:pkce', 'at a server %s (OAuth 2.1 §4.1.1)'), async (_name, behaviour, reason) => {
    const { opened, session } = await on(behaviour);
    await expect(session().login()).rejects.toMatchObject({ reason });
    expect(opened).toEqual([]);
  });

  it('except at an issuer whose PKCE the application vouches for', async () => {
    const { issuer, session } = await on({ pkce: [] });
    await expect(session({ pkceAssuredBy: [issuer.issuer] }).login()).resolves.toBeDefined();
  });

  it(verifies('cl:resource', 'for a resource whose metadata speak of another (RFC 9728 §7.3)'), async () => {
    const { resource, opened, session } = await on();
    const phisher = await listening((request, response) => {
      if (request.url === '/mcp') response.writeHead(401).end();
      else fetch(resource.origin + request.url).then(async (real) => response.end(await real.text()));
    });
    const serverUrl = `${phisher.origin}/mcp`;
    await expect(session({ serverUrl }).fetch(serverUrl)).rejects.toMatchObject({
      reason: 'resource_mismatch',
    });
    expect(opened).toEqual([]);
    await phisher.close();
  });

  it('at an issuer that the resource does not name', async () => {
    const { session } = await on();
    await expect(session({ issuer: 'https://other.example' }).login()).rejects.toMatchObject({
      reason: 'issuer_not_listed',
    });
  });
});

describe('the token', () => {
  it('goes to the server and below, and nowhere else', async () => {
    const { resource, session } = await on();
    const other = await listening((request, response) =>
      response.end(request.headers.authorization ?? 'none'),
    );
    const { fetch } = session();
    await fetch(resource.url);
    const seen = async (url: string) => (await fetch(url)).text();
    expect(await seen(`${other.origin}/mcp`)).toBe('none');
    await fetch(`${resource.origin}/mcpx`);
    await fetch(`${resource.url}/below`);
    expect(resource.requests.slice(2)).toEqual([
      'GET /mcpx -',
      expect.stringMatching(/^GET \/mcp\/below access-/),
    ]);
    await other.close();
  });

  it('is not in the status', async () => {
    const { issuer, session, resource, clock } = await on();
    const started = session();
    expect(await started.status()).toBeUndefined();
    await started.login();
    expect(await started.status()).toEqual({
      issuer: issuer.issuer,
      resource: resource.url,
      clientId: 'registered-client',
      scopes: ['a'],
      expiresAt: clock.now() / 1000 + 300,
    });
  });

  it.each<[string, (answer: Record<string, unknown>) => Record<string, unknown>]>([
    ['no access token', ({ access_token: _, ...answer }) => answer],
    ['another token type', (answer) => ({ ...answer, token_type: 'mac' })],
    ['a life that is no number', (answer) => ({ ...answer, expires_in: 'soon' })],
  ])('is not taken from an answer with %s', async (_name, answer) => {
    const { session } = await on({ answer });
    const started = session();
    await expect(started.login()).rejects.toMatchObject({ reason: 'login_failed' });
    expect(await started.status()).toBeUndefined();
  });
});
