import { generateKeyPairSync } from 'node:crypto';
import { entraIds } from '@mcp-obo/idp-doubles';
import { verifies } from '@mcp-obo/testbed/verifies';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type Browser, createBrowser, type Page } from './fixture/browser.ts';
import { startConsentPlatform } from './fixture/consent-platform.ts';
import { askedOf, callRaw } from './fixture/raw-call.ts';

const platform = await startConsentPlatform();
afterAll(platform.close);
afterEach(platform.withdrawConsents);
const { entra, resource, mcpServer, broker } = platform;
const origin = new URL(resource).origin;
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const accepted = { interaction: { action: 'accept' } };

/** Alice is asked for consent. */
async function ask(user: string = entraIds.alice) {
  const token = await platform.tokenOf(user);
  const asked = askedOf((await callRaw(resource, token)).result);
  const retry = (more = {}) =>
    callRaw(resource, token, { requestState: asked.requestState, inputResponses: accepted, ...more });
  return { token, ...asked, retry };
}

const signIn = (browser: Browser, login: Page, name: string, decision = 'accept') =>
  browser.press(login, { user: `${name}@acme.example`, decision });

/** The address that the issuer sends the browser back to, without going there. */
async function callbackOf(url: string, browser = createBrowser()) {
  const login = await browser.press(await browser.open(url));
  const response = await fetch(login.url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ user: 'alice@acme.example', decision: 'accept' }),
  });
  return { callback: response.headers.get('location') ?? '', browser };
}

/** What the issuer was asked, in calls of its token endpoint. */
const exchanges = () => entra.requests.filter((one) => one.get('assertion') !== undefined).length;

describe('a consent', () => {
  it(verifies('tb:consent', 'is not completed by another user, whose consent changes nothing'), async () => {
    const alice = await ask();
    const browser = createBrowser();
    const before = exchanges();
    const end = await signIn(browser, await browser.press(await browser.open(alice.url)), 'bob');
    expect(end.status).toBe(403);
    expect(end.body).toContain('Another user signed in');
    const { result } = await alice.retry();
    expect(result).toMatchObject({ isError: true });
    expect(result.content?.[0]?.text).toContain('did not give what this call needs');
    // The refusal is remembered still: the issuer is not asked anew.
    askedOf((await callRaw(resource, alice.token)).result);
    expect(exchanges()).toBe(before);
  });

  it(
    verifies('tb:consent', 'is not completed in another browser than the one that followed the link'),
    async () => {
      const alice = await ask();
      const { callback } = await callbackOf(alice.url);
      const end = await createBrowser().open(callback);
      expect(end.status).toBe(403);
      expect(end.body).toContain('another browser');
      expect((await alice.retry()).result).toMatchObject({ isError: true });
    },
  );

  it(verifies('tb:consent', 'is completed once: its callback does nothing the second time'), async () => {
    const alice = await ask();
    const { callback, browser } = await callbackOf(alice.url);
    expect((await browser.open(callback)).status).toBe(200);
    const redeemed = entra.requests.length;
    expect((await browser.open(callback)).status).toBe(404);
    expect(entra.requests.length).toBe(redeemed);
    expect((await alice.retry()).result.structuredContent).toHaveProperty('expenses');
  });

  it.each([
    [
      'signed by somebody else',
      (claims: JWTPayload) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(stranger.privateKey),
    ],
    ['not signed', async (claims: JWTPayload) => new UnsecuredJWT(claims).encode()],
  ])(verifies('tb:consent', 'is not completed by an ID token that is %s'), async (_case, sign) => {
    const alice = await ask();
    const browser = createBrowser();
    const login = await browser.press(await browser.open(alice.url));
    const now = Math.floor(Date.now() / 1000);
    const claims = { tid: entraIds.tenant, oid: entraIds.alice, sub: 'alice', iat: now, exp: now + 60 };
    const nonce = new URL(login.url).searchParams.get('nonce');
    const id_token = await sign({ ...claims, iss: entra.issuer, aud: entraIds.mcpServer, nonce });
    const body = JSON.stringify({ access_token: 'a', token_type: 'Bearer', expires_in: 60, id_token });
    entra.setBehaviour({ answer: { status: 200, body } });
    const end = await signIn(browser, login, 'alice');
    entra.setBehaviour(undefined);
    expect(end.status).toBe(502);
    expect(end.body).toContain('Nothing was changed');
    expect((await alice.retry()).result).toMatchObject({ isError: true });
    expect(mcpServer.output() + broker.output()).not.toContain(id_token.slice(-40));
  });

  it(verifies('tb:consent', 'begins once: its link leads nowhere the second time'), async () => {
    const { url } = await ask();
    const browser = createBrowser();
    const offer = await browser.open(url);
    expect((await browser.press(offer)).url).toContain('/authorize');
    expect((await browser.press(offer)).status).toBe(404);
    expect((await browser.open(url)).status).toBe(404);
  });

  it(verifies('tb:consent', 'is not completed with the state of another session'), async () => {
    const [mine, theirs] = [await ask(), await ask()];
    const browser = createBrowser();
    await browser.press(await browser.open(mine.url));
    const other = await callbackOf(theirs.url);
    expect((await browser.open(other.callback)).status).toBe(403);
    expect((await mine.retry()).result).toMatchObject({ resultType: 'input_required' });
  });

  it.each([
    [
      'a state nobody gave out',
      '/interaction/callback?code=c&state=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    ],
    ['no state', '/interaction/callback?code=c'],
    ['a state that is none', '/interaction/callback?code=c&state=../../link'],
    ['a link nobody gave out', '/interaction?link=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'],
    ['no link', '/interaction'],
  ])(verifies('tb:consent', 'is not begun or completed with %s'), async (_case, path) => {
    const { status, body } = await createBrowser().open(`${origin}${path}`);
    expect([status, body.includes('This link cannot be used')]).toEqual([404, true]);
  });

  it(verifies('tb:consent', 'leads to the issuer alone, whatever its link says besides'), async () => {
    const { url } = await ask();
    const browser = createBrowser();
    const evil = 'https://evil.example/';
    const more = `&redirect_uri=${evil}&return_to=${evil}&next=//evil.example&authorizationUrl=${evil}`;
    const offer = await browser.open(`${url}${more}`);
    expect(offer.headers['content-security-policy']).toContain(`form-action 'self' ${entra.url}`);
    expect(offer.headers['x-frame-options']).toBe('DENY');
    const login = await browser.press({ ...offer, url: `${url}${more}` });
    expect(new URL(login.url).origin).toBe(entra.url);
    expect(new URL(login.url).searchParams.get('redirect_uri')).toBe(`${origin}/interaction/callback`);
    const end = await signIn(browser, login, 'alice');
    expect(end.headers.location).toBeUndefined();
    expect(browser.visited.some((visited) => visited.startsWith(evil))).toBe(false);
  });

  it(verifies('tb:consent', 'does not serve another user who shows its state to the server'), async () => {
    const alice = await ask();
    const browser = createBrowser();
    await signIn(browser, await browser.press(await browser.open(alice.url)), 'alice');
    const bob = await platform.tokenOf(entraIds.bob);
    const { result } = await callRaw(resource, bob, {
      requestState: alice.requestState,
      inputResponses: accepted,
    });
    expect(askedOf(result).requestState).not.toBe(alice.requestState);
    expect((await alice.retry()).result.structuredContent).toHaveProperty('expenses');
  });

  it(verifies('tb:consent', 'that its user declines at the issuer ends the call in a sentence'), async () => {
    const alice = await ask();
    const browser = createBrowser();
    const end = await signIn(browser, await browser.press(await browser.open(alice.url)), 'alice', 'cancel');
    expect(end.status).toBe(403);
    expect((await alice.retry()).result).toMatchObject({ isError: true });
  });

  it(verifies('tb:consent', 'that its user declines in the client ends the call in a sentence'), async () => {
    const alice = await ask();
    const { answer, result } = await alice.retry({ inputResponses: { interaction: { action: 'decline' } } });
    expect(answer.status).toBe(200);
    expect(result.content?.[0]?.text).toContain('did not agree');
  });

  it(
    verifies('tb:consent', 'that is still under way is waited for, and the client told to come again'),
    async () => {
      const alice = await ask();
      const { result } = await alice.retry();
      expect(result).toMatchObject({ resultType: 'input_required', requestState: alice.requestState });
      expect(result.inputRequests).toBeUndefined();
      const browser = createBrowser();
      const waiting = alice.retry();
      await signIn(browser, await browser.press(await browser.open(alice.url)), 'alice');
      expect((await waiting).result.structuredContent).toHaveProperty('expenses');
    },
  );

  it(
    verifies(['tb:consent', 'op:redaction'], 'leaves neither link, state nor code in a log or record'),
    async () => {
      const alice = await ask();
      const { callback, browser } = await callbackOf(alice.url);
      await browser.open(callback);
      await alice.retry();
      const link = new URL(alice.url).searchParams.get('link') ?? '';
      const { searchParams } = new URL(callback);
      const secrets = [link, searchParams.get('state') ?? '', searchParams.get('code') ?? ''];
      expect(secrets.every((secret) => secret.length > 30)).toBe(true);
      const written = mcpServer.output() + broker.output();
      expect(secrets.filter((secret) => written.includes(secret))).toEqual([]);
      const line = /"type":"interaction","decision":"(\w+)","reason":"(\w+)"/g;
      const steps = () => [...mcpServer.output().matchAll(line)].slice(-3).map(([, ...step]) => step);
      await expect.poll(steps, { timeout: 10_000 }).toEqual([
        ['ask', 'consent_required'],
        ['ask', 'started'],
        ['allow', 'completed'],
      ]);
    },
  );
});
