import { entraIds } from '@mcp-obo/idp-doubles';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { createBrowser } from './fixture/browser.ts';
import { type Approve, connectLegacy, connectModern } from './fixture/clients.ts';
import { startConsentPlatform } from './fixture/consent-platform.ts';

const platform = await startConsentPlatform({ tiers: { 'read-only': { approval: 'call' } } });
afterAll(platform.close);
const { resource } = platform;

async function connect(approve: Approve) {
  const token = await platform.tokenOf(entraIds.alice);
  const links: string[] = [];
  const client = await connectModern(
    resource,
    token,
    async (url) => {
      links.push(url);
      const browser = createBrowser();
      const login = await browser.press(await browser.open(url));
      await browser.press(login, { user: 'alice@acme.example', decision: 'accept' });
      return 'accept';
    },
    approve,
  );
  return { client, links };
}

describe('a tool whose tier asks the user each time, with SDK 2.x', () => {
  it(verifies('sc:approval', 'does not run when the user declines'), async () => {
    const { client, links } = await connect(async () => ({ action: 'decline' }));
    const result = await client.call('list_expenses');
    expect([result.isError, result.content[0]?.text]).toEqual([
      true,
      'The user did not approve this call. Do not try again by yourself.',
    ]);
    expect(links).toEqual([]);
    await client.close();
  });

  it(
    verifies(['sc:approval', 'tb:consent'], 'runs when the user approves it and gives the consent it lacks'),
    async () => {
      const questions: string[] = [];
      const { client, links } = await connect(async (message) => {
        questions.push(message);
        return { action: 'accept', content: { approve: true } };
      });
      expect((await client.call('list_expenses')).structuredContent).toHaveProperty('expenses');
      // An answer counts once, also when what it was for could not be done yet.
      expect([questions.length, links.length]).toEqual([2, 1]);
      expect((await client.call('list_expenses')).isError).not.toBe(true);
      expect([questions.length, links.length]).toEqual([3, 1]);
      await client.close();
    },
  );

  it(
    verifies('sc:approval', 'is refused in words to a client of 2025-11-25, which cannot be asked'),
    async () => {
      const client = await connectLegacy(
        resource,
        await platform.tokenOf(entraIds.alice),
        async () => 'accept',
      );
      const result = await client.call('list_expenses');
      expect(result.content[0]?.text).toContain(
        'needs the approval of the user, and your client cannot ask for it',
      );
      await client.close();
    },
  );
});
