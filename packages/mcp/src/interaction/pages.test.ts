import { hash } from 'node:crypto';
import type { InteractionFinish, InteractionStart, TokenExchange } from '@mcp-obo/exchange';
import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Registrar, startExpress, startFastify } from '../../test/servers.ts';
import type { McpGuard } from '../index.ts';

/** An exchange that lacks consent until its user came back. */
function withoutConsent() {
  const started: InteractionStart[] = [];
  const finished: InteractionFinish[] = [];
  const exchange: TokenExchange = {
    onBehalfOf: async ({ scopes }) => {
      if (finished.length === 0) throw new OAuthError('consent_required', 'Consent is missing.');
      return { accessToken: 'downstream', tokenType: 'Bearer', expiresAt: 0, scopes, source: 'exchange' };
    },
    forMachine: () => Promise.reject(new OAuthError('server_error', 'There is no machine.')),
    interactions: {
      start: async (request) => {
        started.push(request);
        return { authorizationUrl: `https://idp.example/authorize?state=${request.state}` };
      },
      login: () => Promise.reject(new OAuthError('server_error', 'No login is asked for.')),
      finish: async (request) => {
        finished.push(request);
        return { acr: [], amr: [] };
      },
    },
    close: async () => undefined,
  };
  return { exchange, started, finished };
}

function register(server: Registrar, guard: McpGuard): void {
  server.registerTool('call_api', { description: 'Calls' }, async (extra: never) => {
    const token = await guard.contextOf(extra).downstreamToken('expenses-api', ['api:expenses.read']);
    return { content: [{ type: 'text', text: token }] };
  });
}

describe.each([
  ['Express and SDK 1.x', startExpress],
  ['Fastify and SDK 2.x', startFastify],
] as const)('the pages of interactions on %s', (_adapter, start) => {
  const { exchange, started, finished } = withoutConsent();
  let server: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    server = await start(register, { exchange, interactions: {} });
  });
  afterAll(() => server.close());

  /** A request of a browser to the pages, at the port where they are served. */
  const open = (address: string, init: RequestInit = {}) => {
    const { pathname, search } = new URL(address);
    return fetch(`http://127.0.0.1:${server.port}${pathname}${search}`, { redirect: 'manual', ...init });
  };
  const call = async () =>
    (
      await server.post(
        'tools/call',
        { name: 'call_api', arguments: {} },
        { scope: 'mcp:tools expenses:read' },
      )
    ).message.result;

  it(verifies('tb:consent', 'lead from the words of a refused call to its success'), async () => {
    const { text } = (await call()).content[0];
    const link = /https:\/\/mcp\.example\/interaction\?link=[\w-]{43}/.exec(text)?.[0] ?? '';
    const offer = await open(link);
    expect(offer.status).toBe(200);
    expect(offer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(offer.headers.get('referrer-policy')).toBe('same-origin');
    expect(await offer.text()).toContain('expenses-api');

    const origin = 'https://mcp.example';
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin };
    const left = await open(link, { method: 'POST', headers: form, body: 'ignored=1' });
    expect([left.status, left.headers.get('location')]).toEqual([
      303,
      `https://idp.example/authorize?state=${started[0]?.state}`,
    ]);
    const cookie = left.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(
      /^__Host-interaction-[\w-]{12}=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600; Secure$/,
    );

    const callback = `${origin}/interaction/callback?code=c&state=${started[0]?.state}`;
    const back = await open(callback, { headers: { cookie: cookie.split(';')[0] ?? '' } });
    expect(back.status).toBe(200);
    expect(hash('sha256', finished[0]?.codeVerifier ?? '', 'base64url')).toBe(started[0]?.codeChallenge);
    expect(finished[0]).toMatchObject({
      user: { issuer: 'https://idp.example', key: 'user-1' },
      redirectUri: `${origin}/interaction/callback`,
      response: `code=c&state=${started[0]?.state}`,
      nonce: started[0]?.nonce,
    });
    expect((await call()).content[0].text).toBe('downstream');
  });

  it(verifies('tb:consent', 'answer nothing to a host or a page that is not theirs'), async () => {
    const foreign = { headers: { origin: 'https://evil.example' } };
    expect((await open('https://mcp.example/interaction?link=x', foreign)).status).toBe(403);
    expect((await open('https://mcp.example/interaction/other')).status).toBe(404);
  });
});
