import { OAuthError } from '@mcp-obo/oauth-error';
import { nothingRevoked, type RevocationView } from '@mcp-obo/revocation';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLoginExchange } from '../../test/login-exchange.ts';
import { type LinkClient, legacyClient, modernClient } from '../../test/mcp-client.ts';
import { type Registrar, startExpress, startFastify } from '../../test/servers.ts';
import type { GuardEvent } from '../index.ts';

/** Noon of the tests, seconds. */
const noon = 1_800_000_000;
const tiers = { 'read-only': { maxLoginAge: 300, acrValues: ['mfa'], maxTokenAge: 7200 } };
const strong = (authTime: number) => ({ authTime, acr: ['mfa'], amr: ['pwd', 'otp'] });

function register(server: Registrar): void {
  server.registerTool('read', { description: 'Reads' }, () => ({
    content: [{ type: 'text', text: 'read' }],
  }));
}

describe.each([
  ['2025-11-25, on Express and SDK 1.x', startExpress, legacyClient],
  ['2025-11-25, on Fastify and SDK 2.x', startFastify, legacyClient],
  ['2026-07-28', startFastify, modernClient],
] as const)('a login that a client cannot renew, by %s', (_era, start, createClient) => {
  const idp = createLoginExchange();
  let now = noon * 1000;
  let revocations: RevocationView = nothingRevoked;
  let server: Awaited<ReturnType<typeof start>>;
  let client: LinkClient;
  beforeAll(async () => {
    server = await start(register, {
      exchange: idp.exchange,
      interactions: { waitSeconds: 0 },
      tiers,
      toolErrorClients: ['static'],
      now: () => now,
      revocations: {
        ...nothingRevoked,
        isRevoked: (grant) => revocations.isRevoked(grant),
      },
    });
    client = createClient(server.port);
  });
  afterAll(() => server.close());
  beforeEach(() => {
    now = noon * 1000;
    revocations = nothingRevoked;
    idp.answerWith(strong(noon));
    idp.finished.length = 0;
  });

  /** A token of a session whose login was weak and an hour ago. */
  let sessions = 0;
  const tokenOf = (claims: Record<string, unknown> = {}) =>
    server.issuer.mint({
      iat: Math.floor(now / 1000),
      exp: Math.floor(now / 1000) + 600,
      auth_time: noon - 3600,
      acr: 'pwd',
      client_id: 'static',
      scope: 'mcp:tools expenses:read',
      sid: `session-${++sessions}`,
      ...claims,
    });

  /** A request of a browser to the pages, at the port where they are served. */
  const open = (address: string, init: RequestInit = {}) => {
    const { pathname, search } = new URL(address);
    return fetch(`http://127.0.0.1:${server.port}${pathname}${search}`, { redirect: 'manual', ...init });
  };
  /** Goes to the issuer and comes back, with the cookie of the browser or another. */
  async function follow(link: string, browser?: string) {
    const left = await open(link, { method: 'POST', headers: { origin: 'https://mcp.example' } });
    const cookie = browser ?? left.headers.get('set-cookie')?.split(';')[0] ?? '';
    const state = new URL(left.headers.get('location') ?? 'https://nowhere.example').searchParams.get(
      'state',
    );
    const callback = `https://mcp.example/interaction/callback?code=c&state=${state}`;
    const back = await open(callback, { headers: { cookie } });
    return { left, callback, cookie, status: back.status, page: await back.text() };
  }
  /** A call that is asked for a login, by a client that can show links. */
  async function asked(token: string) {
    await client.connect(token);
    const { url, requestState, status } = await client.call(token);
    expect(status).toBe(200);
    expect(url).toMatch(/^https:\/\/mcp\.example\/interaction\?link=[\w-]{43}$/);
    return { url: url ?? '', requestState };
  }
  const lastDecision = () =>
    server.events.findLast(
      (event): event is Extract<GuardEvent, { type: 'authorization' }> => event.type === 'authorization',
    )?.decision;

  it(verifies('sc:step-up', 'is made by a link, and the call passes while it is fresh'), async () => {
    const token = await tokenOf();
    const { url, requestState } = await asked(token);
    expect(lastDecision()).toMatchObject({ outcome: 'step-up', reason: 'login_too_weak' });
    const offer = await (await open(url)).text();
    expect(offer).toContain('asks you to sign in again');
    expect(offer).toContain('The program static wants to use the tool read');
    expect((await follow(url)).status).toBe(200);
    expect(idp.asked.at(-1)).toMatchObject({ demand: { maxAge: 300, acrValues: ['mfa'] } });
    expect(idp.finished).toHaveLength(1);

    expect((await client.call(token, requestState)).text).toBe('read');
    now = (noon + 300) * 1000;
    expect((await client.call(token)).text).toBe('read');
    now = (noon + 301) * 1000;
    expect((await client.call(token)).url).toContain('/interaction?link=');
  });

  it(verifies('sc:step-up', 'holds for later tokens of its session, and no other caller'), async () => {
    const sid = 'refreshed';
    const { url } = await asked(await tokenOf({ sid }));
    await follow(url);
    now = (noon + 60) * 1000;
    expect((await client.call(await tokenOf({ sid }))).text).toBe('read');
    for (const other of [{ sid: 'other' }, { sid: undefined }, { sid, sub: 'user-2' }]) {
      const token = await tokenOf(other);
      await asked(token);
    }
  });

  it(verifies('sc:step-up', 'holds for its token alone where the issuer names no session'), async () => {
    const token = await tokenOf({ sid: undefined });
    const { url } = await asked(token);
    await follow(url);
    expect((await client.call(token)).text).toBe('read');
    await asked(await tokenOf({ sid: undefined }));
  });

  it(verifies('sc:step-up', 'ends with a revocation that came after it'), async () => {
    const sid = 'revoked';
    const { url } = await asked(await tokenOf({ sid }));
    await follow(url);
    now = (noon + 60) * 1000;
    // Everything of this user up to half a minute ago; the token is younger, the login is not.
    revocations = { ...nothingRevoked, isRevoked: ({ issuedAt }) => issuedAt <= noon + 30 };
    await asked(await tokenOf({ sid }));
  });

  it.each<readonly [string, Parameters<typeof idp.answerWith>[0], string]>([
    ['is weaker than was asked for', { ...strong(noon), acr: ['pwd'] }, 'not as strongly'],
    ['says nothing of its strength', { authTime: noon, acr: [], amr: [] }, 'not as strongly'],
    ['was an hour ago', strong(noon - 3600), 'did not have you sign in again'],
    ['says nothing of its time', { acr: ['mfa'], amr: [] }, 'did not have you sign in again'],
    ['will be tomorrow', strong(noon + 86_400), 'could not be completed'],
    [
      'is another user’s',
      new OAuthError('access_denied', 'No.', { reason: 'another_user' }),
      'Another user signed in',
    ],
    [
      'the issuer does not prove',
      new OAuthError('invalid_grant', 'No.', { reason: 'interaction_answer' }),
      'could not be completed',
    ],
  ])(verifies('sc:step-up', 'changes nothing when it %s'), async (_case, login, sentence) => {
    idp.answerWith(login);
    const token = await tokenOf();
    const { url, requestState } = await asked(token);
    const { status, page } = await follow(url);
    expect([status >= 400, page.includes(sentence)]).toEqual([true, true]);
    const again = await client.call(token, requestState);
    expect(again.text ?? again.url).not.toBe('read');
    await asked(token);
  });

  it(verifies('sc:step-up', 'is begun once and completed once'), async () => {
    const { url } = await asked(await tokenOf());
    const { callback, cookie } = await follow(url);
    expect((await open(callback, { headers: { cookie } })).status).toBe(404);
    expect((await open(url)).status).toBe(404);
    expect((await open(url, { method: 'POST', headers: { origin: 'https://mcp.example' } })).status).toBe(
      404,
    );
    expect(idp.finished).toHaveLength(1);
  });

  it(verifies('sc:step-up', 'is not completed in another browser, or with a forged state'), async () => {
    const token = await tokenOf();
    const { url } = await asked(token);
    const elsewhere = await follow(url, 'interaction=none');
    expect([elsewhere.status, elsewhere.page.includes('another browser')]).toEqual([403, true]);
    const forged = `https://mcp.example/interaction/callback?code=c&state=${'a'.repeat(43)}`;
    expect((await open(forged)).status).toBe(404);
    expect(idp.finished).toEqual([]);
    await asked(token);
  });

  it(verifies('sc:step-up', 'is not begun by a link that is too old'), async () => {
    const token = await tokenOf();
    const { url } = await asked(token);
    now += 600_001;
    expect((await open(url)).status).toBe(404);
    expect((await open(url, { method: 'POST', headers: { origin: 'https://mcp.example' } })).status).toBe(
      404,
    );
  });

  it(verifies('sc:step-up', 'is told in words to a client that cannot show links'), async () => {
    const token = await tokenOf({ sub: 'user-3' });
    await client.connect(token, {});
    const { url, text, status } = await client.call(token);
    expect([status, url]).toEqual([200, undefined]);
    expect(text).toContain('not strong enough for this tool. Log in again');
  });

  it(verifies('sc:step-up', 'is a challenge of HTTP to every other client, and then a link'), async () => {
    const claims = { client_id: 'renewing', sid: 'renewing', iat: noon - 10 };
    const token = await tokenOf(claims);
    await client.connect(token);
    const { status, url, headers } = await client.call(token);
    expect([status, url]).toEqual([401, undefined]);
    expect(headers.get('www-authenticate')).toContain('acr_values="mfa"');
    // It came back with a newer token that is no better: it cannot do it by itself.
    const newer = await tokenOf({ ...claims, iat: noon });
    const second = await client.call(newer);
    expect(second.url).toContain('/interaction?link=');
    await follow(second.url ?? '');
    expect((await client.call(newer, second.requestState)).text).toBe('read');
    // The edge has forgotten that it challenged; the login holds all the same.
    now = (noon + 299) * 1000;
    expect((await client.call(await tokenOf({ ...claims, iat: noon + 299 }))).text).toBe('read');
  });
});

describe('a tier that takes no login by a link', () => {
  it(verifies('sc:step-up', 'challenges, and offers none'), async () => {
    const { exchange } = createLoginExchange();
    const server = await startFastify(register, {
      exchange,
      interactions: {},
      tiers: { 'read-only': { ...tiers['read-only'], loginByLink: false } },
      toolErrorClients: ['static'],
      now: () => noon * 1000,
    });
    const client = modernClient(server.port);
    const token = await server.issuer.mint({
      iat: noon,
      exp: noon + 600,
      acr: 'pwd',
      client_id: 'static',
      scope: 'mcp:tools expenses:read',
    });
    await client.connect(token);
    const { url, text } = await client.call(token);
    expect(url).toBeUndefined();
    expect(text).toContain('Log in again as the challenge asks');
    server.close();
  });
});
