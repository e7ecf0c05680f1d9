import { entraIds } from '@mcp-obo/idp-doubles';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { createBrowser } from './fixture/browser.ts';
import { connectLegacy, connectModern } from './fixture/clients.ts';
import { startConsentPlatform } from './fixture/consent-platform.ts';
import { signInAt } from './fixture/person.ts';
import { askedOf, callRaw } from './fixture/raw-call.ts';

const platform = await startConsentPlatform({
  tiers: { 'read-only': { max_login_age: 300, acr_values: ['c1'] } },
  toolErrorClients: [entraIds.desktopClient],
  consented: true,
});
afterAll(platform.close);
const { resource, mcpServer, broker } = platform;
const alice = () => platform.tokenOf(entraIds.alice);

const eras = [
  ['2026-07-28, with SDK 2.x', connectModern],
  ['2025-11-25, with SDK 1.x', connectLegacy],
] as const;

describe.each(eras)('a call that needs a stronger login than its token has, by %s', (_era, connect) => {
  it(verifies('sc:step-up', 'is made after its user signed in by a link, and so is the next'), async () => {
    const asked: string[] = [];
    const client = await connect(resource, await alice(), async (url, message) => {
      asked.push(message);
      const { offer, login, end } = await signInAt(url);
      expect(offer.body).toContain('wants to use the tool list_expenses on your behalf');
      const { searchParams } = new URL(login.url);
      expect(Object.fromEntries(searchParams)).toMatchObject({
        scope: 'openid profile',
        prompt: 'login',
        max_age: '300',
        claims: '{"id_token":{"acrs":{"essential":true,"values":["c1"]}}}',
        code_challenge_method: 'S256',
        login_hint: 'alice@acme.example',
      });
      expect(end.status).toBe(200);
      return 'accept';
    });
    expect((await client.call('list_expenses')).structuredContent).toHaveProperty('expenses');
    expect((await client.call('list_expenses')).isError).not.toBe(true);
    expect(asked).toEqual(['You must sign in again before the tool list_expenses may be used.']);
    await client.close();
    // It was for that token: another session of the same user and program is asked again.
    const other = await connect(resource, await alice(), async (url, message) => {
      asked.push(message);
      await signInAt(url);
      return 'accept';
    });
    expect((await other.call('list_expenses')).isError).not.toBe(true);
    expect(asked).toHaveLength(2);
    await other.close();
  });

  it(verifies('sc:step-up', 'is refused in words where the client cannot show a link'), async () => {
    const client = await connect(resource, await alice());
    const told = await client.call('list_expenses');
    expect(told.isError).toBe(true);
    expect(told.content[0]?.text).toContain('not strong enough for this tool. Log in again');
    expect(told.content[0]?.text).not.toContain('link=');
    await client.close();
  });
});

describe('a login by a link', () => {
  const ask = async () => {
    const token = await alice();
    const asked = askedOf((await callRaw(resource, token)).result);
    const inputResponses = { interaction: { action: 'accept' } };
    const retry = () => callRaw(resource, token, { requestState: asked.requestState, inputResponses });
    return { ...asked, token, retry, again: () => callRaw(resource, token) };
  };

  it.each([
    ['is not asked to sign in again', ['prompt', 'max_age'], 'did not have you sign in again'],
    ['is not asked for a strong one', ['claims'], 'not as strongly'],
  ])(verifies('sc:step-up', 'changes nothing when its user %s'), async (_case, parameters, sentence) => {
    const { url, retry, again } = await ask();
    const { end } = await signInAt(url, {
      tamper: ({ searchParams }) => {
        for (const name of parameters) searchParams.delete(name);
      },
    });
    expect([end.status, end.body.includes(sentence)]).toEqual([403, true]);
    expect((await retry()).result.content?.[0]?.text).toContain('did not give what this call needs');
    askedOf((await again()).result);
  });

  it(verifies('sc:step-up', 'of another user changes nothing for either'), async () => {
    const { url, retry, again } = await ask();
    const { end } = await signInAt(url, { upn: 'bob@acme.example' });
    expect([end.status, end.body.includes('Another user signed in')]).toEqual([403, true]);
    expect((await retry()).result.isError).toBe(true);
    askedOf((await again()).result);
    askedOf((await callRaw(resource, await platform.tokenOf(entraIds.bob))).result);
  });

  it(verifies('sc:step-up', 'does not serve another caller who shows its state'), async () => {
    const { url, requestState, retry } = await ask();
    expect((await signInAt(url)).end.status).toBe(200);
    const bob = await platform.tokenOf(entraIds.bob);
    const inputResponses = { interaction: { action: 'accept' } };
    expect(
      askedOf((await callRaw(resource, bob, { requestState, inputResponses })).result).requestState,
    ).not.toBe(requestState);
    expect((await retry()).result.structuredContent).toHaveProperty('expenses');
  });

  it(verifies('sc:step-up', 'is begun once, in one browser'), async () => {
    const { url } = await ask();
    const { end } = await signInAt(url);
    expect(end.status).toBe(200);
    expect((await createBrowser().open(url)).status).toBe(404);
    expect((await createBrowser().open(end.url)).status).toBe(404);
  });

  it(verifies(['sc:step-up', 'op:redaction'], 'leaves its steps in the audit, and no secret'), async () => {
    const { url } = await ask();
    const { login } = await signInAt(url);
    const { searchParams } = new URL(login.url);
    const secrets = [new URL(url).searchParams.get('link'), searchParams.get('state')].map(String);
    expect(secrets.every((secret) => secret.length === 43)).toBe(true);
    const written = mcpServer.output() + broker.output();
    expect(secrets.filter((secret) => written.includes(secret))).toEqual([]);
    const steps = () =>
      mcpServer
        .output()
        .split('\n')
        .filter((line) => line.includes('"type":"interaction"') && line.endsWith('}'))
        .map((line) => JSON.parse(line))
        .map(({ decision, reason, tool }) => [decision, reason, tool])
        .slice(-3);
    await expect.poll(steps, { timeout: 10_000 }).toEqual([
      ['ask', 'login_too_weak', 'list_expenses'],
      ['ask', 'login_started', 'list_expenses'],
      ['allow', 'login_completed', 'list_expenses'],
    ]);
  });
});
