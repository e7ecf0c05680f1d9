import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, inject, it } from 'vitest';
import { createMemoryProvider } from './fixture/memory-provider.ts';
import { canStepUp, platformScopes, providerOptions, registrations } from './fixture/registration.ts';
import { connectV1 } from './fixture/sdk-v1.ts';
import { connectV2 } from './fixture/sdk-v2.ts';
import { userAtBrowser } from './fixture/user-at-browser.ts';

const platform = inject('platform');
const clientMetadataUrl = inject('clientMetadataUrl');

const lunch = { amount: 12.5, currency: 'EUR', description: 'Lunch with a customer' };
const first = ['expenses:read', 'mcp:tools:execute'];

const eras = [
  ['the newest revision', { versionNegotiation: { mode: 'auto' } }, '2026-07-28'],
  ['the handshake of 2025', { versionNegotiation: { mode: 'legacy' } }, '2025-11-25'],
] as const;

describe('a client of @modelcontextprotocol/client 2.x that knows only the URL', () => {
  it.each(
    registrations
      .filter((registration) => canStepUp(registration, platform))
      .flatMap((registration) => eras.map((era) => [registration, ...era] as const)),
  )(
    verifies(
      ['rs:both-eras', 'sc:challenge', 'md:discovery'],
      '%s, by %s: logs in, calls, steps up and submits',
    ),
    async (registration, _era, options, version) => {
      const provider = createMemoryProvider(providerOptions(registration, platform, clientMetadataUrl));
      const alice = userAtBrowser(platform, 'alice');
      const { client, call, protocolVersion } = await connectV2(platform.urls.mcp, provider, alice, options);
      expect(alice.pages()[0]).toBe('login');
      expect(protocolVersion()).toBe(version);
      expect(platformScopes((await provider.tokens())?.scope)).toEqual(first);
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('submit_expense');
      expect((await call('list_expenses')).isError).not.toBe(true);
      const submitted = await call('submit_expense', lunch);
      expect(submitted.structuredContent).toMatchObject({ expense: { description: lunch.description } });
      expect(alice.pages()).not.toContain('login');
      expect(platformScopes((await provider.tokens())?.scope)).toEqual([
        'expenses:read',
        'expenses:write',
        'mcp:tools:execute',
      ]);
      const { id } = (submitted.structuredContent as { expense: { id: string } }).expense;
      expect((await call('get_expense', { id })).structuredContent).toMatchObject({ expense: { id } });
      await client.close();
    },
  );

  it('has the user asked at the first login what it may do', async () => {
    const provider = createMemoryProvider();
    const alice = userAtBrowser(platform, 'alice');
    const { client } = await connectV2(platform.urls.mcp, provider, alice);
    expect(alice.pages()).toEqual(['login', 'consent']);
    await client.close();
  });

  if (platform.idp?.kind === 'keycloak') {
    it('registered dynamically stays within the scopes it registered with, and goes on with those', async () => {
      const provider = createMemoryProvider();
      const bob = userAtBrowser(platform, 'bob');
      const { client, call } = await connectV2(platform.urls.mcp, provider, bob);
      await expect(call('submit_expense', lunch)).rejects.toThrow('Invalid scopes');
      expect((await call('list_expenses')).isError).not.toBe(true);
      await client.close();
    });
  }

  it(
    verifies('md:discovery', 'with a client id metadata document is known by the address of that document'),
    async () => {
      const provider = createMemoryProvider({ clientMetadataUrl });
      const bob = userAtBrowser(platform, 'bob');
      const { client, call } = await connectV2(platform.urls.mcp, provider, bob);
      expect((await call('whoami')).structuredContent).toMatchObject({ client: clientMetadataUrl });
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
