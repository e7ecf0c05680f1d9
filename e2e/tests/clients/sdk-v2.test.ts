import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, inject, it } from 'vitest';
import { createMemoryProvider } from './fixture/memory-provider.ts';
import { connectV1 } from './fixture/sdk-v1.ts';
import { connectV2 } from './fixture/sdk-v2.ts';
import { userAtBrowser } from './fixture/user-at-browser.ts';

const platform = inject('platform');
const clientMetadataUrl = inject('clientMetadataUrl');

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
      expect(alice.pages()).toEqual(['login', 'consent']);
      expect(protocolVersion()).toBe(version);
      expect((await provider.tokens())?.scope).toBe('mcp:tools:execute expenses:read');
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('submit_expense');
      expect((await call('list_expenses')).isError).not.toBe(true);
      const submitted = await call('submit_expense', lunch);
      expect(submitted.structuredContent).toMatchObject({ expense: { description: lunch.description } });
      expect(alice.pages()).toEqual(['consent']);
      expect((await provider.tokens())?.scope).toBe('mcp:tools:execute expenses:read expenses:write');
      const { id } = (submitted.structuredContent as { expense: { id: string } }).expense;
      expect((await call('get_expense', { id })).structuredContent).toMatchObject({ expense: { id } });
      await client.close();
    },
  );

  it(
    verifies(
      'md:discovery',
      'with a client id metadata document needs no registration, and steps up all the same',
    ),
    async () => {
      const provider = createMemoryProvider({ clientMetadataUrl });
      const bob = userAtBrowser(platform, 'bob');
      const { client, call } = await connectV2(platform.urls.mcp, provider, bob);
      expect((await call('whoami')).structuredContent).toMatchObject({ client: clientMetadataUrl });
      const submitted = await call('submit_expense', lunch);
      expect(submitted.structuredContent).toMatchObject({ expense: { owner: 'bob' } });
      await client.close();
    },
  );

  it(
    verifies('sc:challenge', 'steps up also when another session of this client and user just failed to'),
    async () => {
      const mariaAtHome = userAtBrowser(platform, 'maria');
      const older = await connectV1(
        platform.urls.mcp,
        createMemoryProvider({ clientMetadataUrl }),
        mariaAtHome,
      );
      expect((await older.call('submit_expense', lunch)).isError).toBe(true);
      const newer = await connectV2(
        platform.urls.mcp,
        createMemoryProvider({ clientMetadataUrl }),
        userAtBrowser(platform, 'maria'),
      );
      expect((await newer.call('submit_expense', lunch)).isError).not.toBe(true);
      await Promise.all([older.client.close(), newer.client.close()]);
    },
  );
});
