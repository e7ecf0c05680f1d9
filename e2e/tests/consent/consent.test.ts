import { entraIds } from '@mcp-obo/idp-doubles';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createBrowser } from './fixture/browser.ts';
import { connectLegacy, connectModern } from './fixture/clients.ts';
import { startConsentPlatform } from './fixture/consent-platform.ts';

const platform = await startConsentPlatform();
afterAll(platform.close);
afterEach(platform.withdrawConsents);
const { resource } = platform;

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
});
