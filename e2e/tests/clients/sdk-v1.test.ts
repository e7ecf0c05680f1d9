import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, inject, it } from 'vitest';
import { createMemoryProvider } from './fixture/memory-provider.ts';
import { canStepUp, platformScopes, providerOptions, registrations } from './fixture/registration.ts';
import { connectV1 } from './fixture/sdk-v1.ts';
import { userAtBrowser } from './fixture/user-at-browser.ts';

const platform = inject('platform');
const clientMetadataUrl = inject('clientMetadataUrl');

const lunch = { amount: 12.5, currency: 'EUR', description: 'Lunch with a customer' };

describe('a client of @modelcontextprotocol/sdk 1.x that knows only the URL', () => {
  it(
    verifies(
      ['rs:both-eras', 'md:locations', 'md:discovery'],
      'registers, logs in by the page, lists tools and calls one',
    ),
    async () => {
      const alice = userAtBrowser(platform, 'alice');
      const { client, call, protocolVersion } = await connectV1(
        platform.urls.mcp,
        createMemoryProvider(),
        alice,
      );
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
      expect(structuredContent).toMatchObject({
        expenses: expect.arrayContaining([expect.objectContaining({ owner: 'alice' })]),
      });
      await client.close();
    },
  );

  it.each(registrations.filter((registration) => canStepUp(registration, platform)))(
    verifies('sc:challenge', 'asks for all scopes of the challenge, logs in again and submits, %s'),
    async (registration) => {
      const provider = createMemoryProvider({
        ...providerOptions(registration, platform, clientMetadataUrl),
        keepsRefreshToken: false,
      });
      const bob = userAtBrowser(platform, 'bob');
      const { client, call } = await connectV1(platform.urls.mcp, provider, bob);
      expect(platformScopes((await provider.tokens())?.scope)).toEqual([
        'expenses:read',
        'mcp:tools:execute',
      ]);
      const submitted = await call('submit_expense', lunch);
      expect(submitted.structuredContent).toMatchObject({ expense: { description: lunch.description } });
      // This line of the SDK asks for what the challenge names and nothing else, so that must be enough.
      expect(platformScopes((await provider.tokens())?.scope)).toEqual([
        'expenses:write',
        'mcp:tools:execute',
      ]);
      await client.close();
    },
  );

  if (platform.idp?.kind === 'keycloak') {
    it('stays within the scopes it registered with, and goes on with those', async () => {
      const bob = userAtBrowser(platform, 'bob');
      const provider = createMemoryProvider({ keepsRefreshToken: false });
      const { client, call } = await connectV1(platform.urls.mcp, provider, bob);
      await expect(call('submit_expense', lunch)).rejects.toThrow('invalid_scope');
      expect((await call('list_expenses')).isError).not.toBe(true);
      await client.close();
    });
  }

  it(verifies('sc:challenge', 'is told in a sentence when it refreshes instead of logging in'), async () => {
    const provider = createMemoryProvider();
    const maria = userAtBrowser(platform, 'maria');
    const { client, call } = await connectV1(platform.urls.mcp, provider, maria);
    const before = await provider.tokens();
    const { isError, content } = await call('submit_expense', lunch);
    expect((await provider.tokens())?.refresh_token).not.toBe(before?.refresh_token);
    expect({ isError, content }).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('Sign in anew if you were not asked for it') }],
    });
    expect((await call('list_expenses')).isError).not.toBe(true);
    await client.close();
  });

  it('uses the client id that is registered in advance', async () => {
    const { client_id } = platform.clients.interactive;
    const provider = createMemoryProvider({ clientId: client_id });
    const frank = userAtBrowser(platform, 'frank');
    const { client, call } = await connectV1(platform.urls.mcp, provider, frank);
    const { structuredContent } = await call('whoami');
    expect(structuredContent).toMatchObject({ client: client_id, roles: ['finance'], tenant: 'acme' });
    await client.close();
  });
});
