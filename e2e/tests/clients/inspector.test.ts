import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createInspector, type Inspector } from './fixture/inspector.ts';
import { type UserAtBrowser, userAtBrowser } from './fixture/user-at-browser.ts';

const platform = inject('platform');
/** Keycloak registers no client by itself whose home page is not on a host that it trusts. */
const registered =
  platform.idp?.kind === 'keycloak' ? ['--client-id', platform.clients.interactive.client_id] : [];
let inspector: Inspector;
let bob: UserAtBrowser;
beforeAll(async () => {
  bob = userAtBrowser(platform, 'bob');
  inspector = await createInspector(platform.urls.mcp, bob, registered);
});
afterAll(() => inspector?.remove());

const call = (tool: string, ...args: string[]) =>
  inspector.run('--method', 'tools/call', '--tool-name', tool, ...args);

describe('the command line of MCP Inspector', () => {
  it(verifies(['rs:both-eras', 'md:locations'], 'logs in by the page and lists the tools'), async () => {
    const { code, result } = await inspector.run('--method', 'tools/list');
    expect(code).toBe(0);
    expect(bob.pages()[0]).toBe('login');
    expect(result.tools.map(({ name }: { name: string }) => name)).toEqual([
      'whoami',
      'list_expenses',
      'get_expense',
      'submit_expense',
    ]);
  });

  it.each(['legacy', 'modern'])(
    verifies('rs:both-eras', 'calls list_expenses with the login it kept, in the %s era'),
    async (era) => {
      const { code, result, stderr } = await call('list_expenses', '--protocol-era', era);
      expect({ code, asked: stderr.includes('Please navigate') }).toEqual({ code: 0, asked: false });
      expect(new Set(result.structuredContent.expenses.map(({ owner }: { owner: string }) => owner))).toEqual(
        new Set(['bob']),
      );
    },
  );

  it(
    verifies('sc:challenge', 'gives up on a scope it does not have, and goes on with those it has'),
    async () => {
      const args = ['--tool-args-json', '{"amount":4,"currency":"EUR","description":"Umbrella"}'];
      expect((await call('submit_expense', ...args)).code).not.toBe(0);
      const { code, result } = await call('list_expenses');
      expect(code).toBe(0);
      expect(JSON.stringify(result)).not.toContain('Umbrella');
    },
  );
});
