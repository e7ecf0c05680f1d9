import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoginBrowser } from '../src/login.ts';
import { claimsOf, mcp, startTestIdp, type TestIdp } from './idp.ts';

let idp: TestIdp;
beforeAll(async () => {
  idp = await startTestIdp();
});
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
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const { access_token: token } = await idp.logIn({ max_age: '1' }, { browser });
    expect(browser.pages).toContain('login');
    expect(Number(claimsOf(token).auth_time)).toBeGreaterThanOrEqual(Math.floor(Date.now() / 1000) - 1);
  });

  it('prompt=none is refused instead of skipping the login', async () => {
    const browser = await signedIn();
    const callback = await idp.authorize({ acr_values: 'urn:mcp:fresh', prompt: 'none' }, { browser });
    expect(callback.searchParams.get('error')).toBe('login_required');
  });
});
