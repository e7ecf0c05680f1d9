import { entraIds } from '@mcp-obo/idp-doubles';
import { verifies } from '@mcp-obo/testbed/verifies';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLegacy, connectModern } from '../consent/fixture/clients.ts';
import { type ConsentPlatform, startConsentPlatform } from '../consent/fixture/consent-platform.ts';
import { browserTestsRun, launchChromium } from './fixture/chromium.ts';

/** A person at the pages of the MCP server, whose headers only a real browser obeys: CSP, cookies, `Origin`. */
describe.skipIf(!browserTestsRun)('a person who is asked by a link, in Chromium', () => {
  let platform: ConsentPlatform;
  let browser: Awaited<ReturnType<typeof launchChromium>>;
  beforeAll(async () => {
    platform = await startConsentPlatform({
      tiers: { 'read-only': { acr_values: ['c1'], approval: 'call' } },
      toolErrorClients: [entraIds.desktopClient],
      consented: true,
    });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await platform?.close();
  });

  const eras = [
    ['2026-07-28', connectModern],
    [
      '2025-11-25',
      (...[url, token, open]: Parameters<typeof connectModern>) =>
        connectLegacy(url, token, open, { rounds: 2 }),
    ],
  ] as const;

  it.each(eras)(
    verifies(
      ['sc:step-up', 'sc:approval'],
      'signs in again and approves the call, which is then made, by a client of %s',
    ),
    async (_era, connect) => {
      const page = await browser.newPage();
      const blocked = blockedBy(page);
      const titles: string[] = [];
      const client = await connect(platform.resource, await platform.tokenOf(entraIds.alice), async (url) => {
        await page.goto(url);
        titles.push(await page.title());
        await page.getByRole('button', { name: 'Continue' }).click();
        await page.getByLabel('Account').selectOption('alice@acme.example');
        await page.getByRole('button', { name: 'Accept' }).click();
        const approve = page.getByRole('button', { name: 'Approve', exact: true });
        if (titles.at(-1)?.includes('approval')) {
          expect(await page.locator('pre').textContent()).toBe('{"status":"submitted"}');
          await approve.click();
        }
        expect(await page.title()).toBe('Done');
        return 'accept';
      });
      const { structuredContent } = await client.call('list_expenses', { status: 'submitted' });
      expect(structuredContent).toHaveProperty('expenses');
      expect(titles).toEqual(['Expenses asks you to sign in again', 'Expenses asks for your approval']);
      expect(blocked).toEqual([]);
      await client.close();
      await page.close();
    },
  );
});

/** What the browser did not let a page do. That some page has no icon is nobody's matter. */
function blockedBy(page: Page): readonly string[] {
  const said: string[] = [];
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) said.push(message.text());
  });
  return said;
}
