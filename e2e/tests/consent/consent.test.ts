import { entraIds } from '@mcp-obo/idp-doubles';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createBrowser } from './fixture/browser.ts';
import { connectLegacy, connectModern } from './fixture/clients.ts';
import { startConsentPlatform } from './fixture/consent-platform.ts';
import { callRaw } from './fixture/raw-call.ts';

const platform = await startConsentPlatform();
afterAll(platform.close);
afterEach(() => {
  platform.withdrawConsents();
  entra.setBehaviour(undefined);
});
const { entra, resource } = platform;

/** Follows a link as a person does: reads the page, continues, signs in as somebody, accepts. */
async function accept(url: string, upn = 'alice@acme.example', browser = createBrowser()) {
  const offer = await browser.open(url);
  const login = await browser.press(offer);
  return { offer, login, end: await browser.press(login, { user: upn, decision: 'accept' }) };
}

const eras = [
  ['2026-07-28, with SDK 2.x', connectModern, '2026-07-28'],
  ['2025-11-25, with SDK 1.x', connectLegacy, '2025-11-25'],
] as const;

describe.each(eras)('a call that lacks consent, by %s', (_era, connect, version) => {
  it(
    verifies('tb:consent', 'is made after its user consented at the issuer, once and in one round'),
    async () => {
      const asked: string[] = [];
      const alice = await connect(resource, await platform.tokenOf(entraIds.alice), async (url, message) => {
        asked.push(message);
        const { offer, login, end } = await accept(url);
        expect(offer.body).toContain('Expenses asks for your consent');
        expect(login.url).toContain(`login_hint=${encodeURIComponent('alice@acme.example')}`);
        expect(end).toMatchObject({ status: 200 });
        return 'accept';
      });
      expect(alice.protocolVersion()).toBe(version);
      expect((await alice.call('list_expenses')).structuredContent).toHaveProperty('expenses');
      expect(asked).toHaveLength(1);
      expect((await alice.call('list_expenses')).isError).not.toBe(true);
      expect(asked).toHaveLength(1);
      await alice.close();
    },
  );

  it(
    verifies('tb:consent', 'is asked for in words, with the link, where the client cannot open a URL'),
    async () => {
      const alice = await connect(resource, await platform.tokenOf(entraIds.alice));
      const told = await alice.call('list_expenses');
      expect(told.isError).toBe(true);
      const url = /http\S+link=\S+/.exec(told.content[0]?.text ?? '')?.[0] ?? '';
      expect((await accept(url)).end.status).toBe(200);
      expect((await alice.call('list_expenses')).structuredContent).toHaveProperty('expenses');
      await alice.close();
    },
  );

  it(
    verifies('tb:consent', 'asks the user once and no more when what the user did did not help'),
    async () => {
      const asked: string[] = [];
      entra.setBehaviour({ refuse: 50079 });
      const alice = await connect(resource, await platform.tokenOf(entraIds.alice), async (url) => {
        asked.push(url);
        entra.setBehaviour(undefined);
        expect((await accept(url)).end.status).toBe(200);
        entra.setBehaviour({ refuse: 50079 });
        return 'accept';
      });
      const told = await alice.call('list_expenses').catch((error: unknown) => error);
      expect(asked).toHaveLength(1);
      expect(told).toMatchObject(version === '2026-07-28' ? { isError: true } : { code: -32042 });
      await alice.close();
    },
  );
});

describe('a claims challenge', () => {
  const challenge = '{"access_token":{"capolids":{"essential":true,"values":["policy"]}}}';
  const capable = '{"access_token":{"xms_cc":{"values":["cp1"]}}}';

  it(verifies('tb:consent', 'is a 401 insufficient_claims to a client that declared it can'), async () => {
    entra.setBehaviour({ refuse: 50076, claims: challenge });
    const { answer } = await callRaw(resource, await platform.tokenOf(entraIds.alice, capable));
    expect(answer.status).toBe(401);
    const said = answer.headers['www-authenticate'];
    expect(said).toContain('error="insufficient_claims"');
    expect(said).toContain(`claims="${Buffer.from(challenge).toString('base64')}"`);
  });

  it(verifies('tb:consent', 'is a sentence to a client that did not'), async () => {
    entra.setBehaviour({ refuse: 50076, claims: challenge });
    const { answer, result } = await callRaw(resource, await platform.tokenOf(entraIds.alice));
    expect(answer.status).toBe(200);
    expect(result.isError).toBe(true);
    expect(result.content?.[0]?.text).toContain('wants a new sign-in');
    expect(answer.body).not.toContain('policy');
  });
});

describe('a call that lacks consent, when the user cannot be sent anywhere,', () => {
  it(verifies('tb:consent', 'ends in a sentence and never in a bare 500'), async () => {
    const bare = await startConsentPlatform({ redirectUris: [] });
    const { answer, result } = await callRaw(bare.resource, await bare.tokenOf(entraIds.alice));
    expect([answer.status, result.isError]).toEqual([200, true]);
    expect(result.content?.[0]?.text).toContain('must consent to the access of the target');
    expect(await bare.mcpServer.line('"type":"interaction"', 0)).toContain('"decision":"fault"');
    await bare.close();
  });
});
