import type { Platform } from '@mcp-obo/platform';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryProvider } from './fixture/memory-provider.ts';
import { connectV1 } from './fixture/sdk-v1.ts';
import { startTestPlatform } from './fixture/test-platform.ts';
import { userAtBrowser } from './fixture/user-at-browser.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform?.stop());

const lunch = { amount: 12.5, currency: 'EUR', description: 'Lunch with a customer' };

describe('a client of @modelcontextprotocol/sdk 1.x that knows only the URL', () => {
  it(
    verifies(
      ['rs:both-eras', 'md:locations', 'md:discovery'],
      'registers, logs in by the page, lists tools and calls one',
    ),
    async () => {
      const provider = createMemoryProvider();
      const alice = userAtBrowser(platform, 'alice');
      const { client, call, protocolVersion } = await connectV1(platform.urls.mcp, provider, alice);
      expect(alice.pages()).toEqual(['login', 'consent']);
      expect(protocolVersion()).toBe('2025-11-25');
      expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([
        'whoami',
        'list_expenses',
        'get_expense',
        'submit_expense',
      ]);
      const { structuredContent, isError } = await call('list_expenses');
      expect(isError).not.toBe(true);
      expect(structuredContent).toMatchObject({ expenses: expect.any(Array) });
      await client.close();
    },
  );

  it(
    verifies('sc:challenge', 'asks for all scopes of the challenge, logs in again and submits'),
    async () => {
      const provider = createMemoryProvider({ metadata: { grant_types: ['authorization_code'] } });
      const bob = userAtBrowser(platform, 'bob');
      const { client, call } = await connectV1(platform.urls.mcp, provider, bob);
      expect((await provider.tokens())?.scope).toBe('mcp:tools:execute expenses:read');
      const { structuredContent, isError } = await call('submit_expense', lunch);
      expect(isError).not.toBe(true);
      expect(structuredContent).toMatchObject({ expense: { description: lunch.description } });
      expect(bob.pages()).toEqual(['consent']);
      expect((await provider.tokens())?.scope?.split(' ')).toContain('expenses:write');
      await client.close();
    },
  );

  it('with a refresh token only refreshes on a 403, and says that this did not help', async () => {
    const provider = createMemoryProvider();
    const { client, call } = await connectV1(platform.urls.mcp, provider, userAtBrowser(platform, 'maria'));
    await expect(call('submit_expense', lunch)).rejects.toThrow('Server returned 403 after trying upscoping');
    await client.close();
  });
});
