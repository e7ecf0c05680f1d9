import type { Platform } from '@mcp-obo/platform';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryProvider } from './fixture/memory-provider.ts';
import { connectV2 } from './fixture/sdk-v2.ts';
import { startTestPlatform } from './fixture/test-platform.ts';
import { userAtBrowser } from './fixture/user-at-browser.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform?.stop());

const lunch = { amount: 12.5, currency: 'EUR', description: 'Lunch with a customer' };

describe('a client of @modelcontextprotocol/client 2.x that knows only the URL', () => {
  it.each([
    ['the newest revision', { versionNegotiation: { mode: 'auto' } }, '2026-07-28'],
    ['the handshake of 2025', { versionNegotiation: { mode: 'legacy' } }, '2025-11-25'],
  ] as const)(
    verifies(['rs:both-eras', 'sc:challenge'], 'by %s: registers, logs in, calls, steps up and submits'),
    async (_case, options, version) => {
      const provider = createMemoryProvider();
      const alice = userAtBrowser(platform, 'alice');
      const { client, call, protocolVersion } = await connectV2(platform.urls.mcp, provider, alice, options);
      expect(protocolVersion()).toBe(version);
      expect((await provider.tokens())?.scope).toBe('mcp:tools:execute expenses:read');
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('submit_expense');
      const listed = await call('list_expenses');
      expect(listed.isError).not.toBe(true);
      const submitted = await call('submit_expense', lunch);
      expect(submitted.structuredContent).toMatchObject({ expense: { description: lunch.description } });
      expect(alice.pages()).toEqual(['consent']);
      expect((await provider.tokens())?.scope).toBe('mcp:tools:execute expenses:read expenses:write');
      const again = await call('list_expenses');
      expect(again.structuredContent).toMatchObject({
        expenses: expect.arrayContaining([expect.objectContaining({ description: lunch.description })]),
      });
      await client.close();
    },
  );
});
