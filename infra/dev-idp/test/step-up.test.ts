import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createLoginBrowser } from '../src/login.ts';
import { claimsOf, mcp, startTestIdp, type TestIdp } from './idp.ts';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp();
});
afterEach(() => vi.useRealTimers());
afterAll(() => idp.close());

const signedIn = async () => {
  const browser = createLoginBrowser();
  await idp.authorize({}, { browser });
  return browser;
};

describe('step-up (RFC 9470 §4), asked without openid', () => {
  it('acr_values=urn:mcp:fresh makes a signed-in user log in again and says so in acr', async () => {
    const browser = await signedIn();
    const { access_token: token } = await idp.logIn({ acr_values: 'urn:mcp:fresh' }, { browser });
    expect(browser.pages).toContain('login');
    expect(claimsOf(token)).toMatchObject({ acr: 'urn:mcp:fresh', amr: ['pwd'], aud: mcp });
  });

  it('without it a signed-in user is not asked', async () => {
    const browser = await signedIn();
    const { access_token: token } = await idp.logIn({}, { browser });
    expect(browser.pages).toEqual([]);
    expect(claimsOf(token).acr).toBe('urn:mcp:password');
  });

  it('max_age asks again when the login is older, and only then', async () => {
    const browser = await signedIn();
    await idp.authorize({ max_age: '600' }, { browser });
    expect(browser.pages).not.toContain('login');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5000 });
    const { access_token: token } = await idp.logIn({ max_age: '1' }, { browser });
    expect(browser.pages).toContain('login');
    expect(Number(claimsOf(token).auth_time)).toBeGreaterThanOrEqual(Math.floor(Date.now() / 1000) - 1);
  });

  it('by another user ends the first one’s session, and the token is the other’s', async () => {
    const browser = await signedIn();
    const { access_token: token } = await idp.logIn(
      { acr_values: 'urn:mcp:fresh' },
      { browser, username: 'maria' },
    );
    expect(claimsOf(token)).toMatchObject({ sub: 'sub-of-maria', acr: 'urn:mcp:fresh' });
    await idp.logIn({}, { browser });
    expect(browser.pages).toEqual([]);
  });

  it('prompt=none is refused instead of skipping the login', async () => {
    const browser = await signedIn();
    const callback = await idp.authorize({ acr_values: 'urn:mcp:fresh', prompt: 'none' }, { browser });
    expect(callback.searchParams.get('error')).toBe('login_required');
  });
});
