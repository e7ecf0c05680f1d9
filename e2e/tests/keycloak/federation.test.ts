import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eras, mcpCaller } from './fixture/call.ts';
import { type Directory, oneTimeCode, openDirectory, protocols } from './fixture/directory.ts';
import { logInAtRealm, refresh } from './fixture/log-in.ts';

const platform = inject('platform');
const finance = '/departments/finance';
const everything = 'mcp:tools:execute expenses:read expenses:write expenses:admin';

describe('a corporate directory behind Keycloak', { timeout: 120_000 }, () => {
  let directory: Directory;
  beforeAll(async () => {
    directory = await openDirectory({
      frank: { email: 'frank@acme.example', groups: [finance] },
      dora: { email: 'dora@directory.example', groups: [finance] },
      dietmar: { email: 'dietmar@directory.example', groups: ['/departments/engineering'] },
    });
  }, 120_000);
  afterAll(() => directory?.remove());

  /** Logs in at `acme`, which leaves it to the directory. */
  const logIn = (
    username: string,
    via: (typeof protocols)[number],
    parameters: Record<string, string> = {},
  ) =>
    logInAtRealm(platform, 'alice', { scope: everything, user: directory.browse(username, via, parameters) });

  describe.each(protocols)('by %s', (via) => {
    it(verifies('op:federation', 'gives its groups as roles, and by them scopes and tools'), async () => {
      const dora = await logIn('dora', via);
      expect(dora.claims.roles).toEqual(['finance']);
      expect(dora.scopes).toEqual(new Set(['mcp:tools:execute', 'expenses:read', 'expenses:admin']));
      const dietmar = await logIn('dietmar', via);
      expect(dietmar.claims.roles).toEqual(['employee']);
      expect(dietmar.scopes).toEqual(new Set(['mcp:tools:execute', 'expenses:read', 'expenses:write']));
      for (const era of eras) {
        const { list } = mcpCaller(era, platform.urls.mcp);
        expect(await list(dora.accessToken)).toContain('delete_expense');
        expect(await list(dietmar.accessToken)).not.toContain('delete_expense');
      }
    });

    it(verifies('op:federation', 'finds a colleague who is known here to be the same user'), async () => {
      const { accessToken, claims } = await logIn('frank', via);
      expect(claims.sub).toBe(platform.users.find(({ username }) => username === 'frank')?.sub);
      for (const era of eras) {
        const { content } = await mcpCaller(era, platform.urls.mcp).call(accessToken, 'list_expenses');
        expect(content.seen.user).toBe('frank');
        expect(new Set(content.expenses.map(({ owner }: { owner: string }) => owner)).size).toBeGreaterThan(
          1,
        );
      }
    });

    it(verifies('op:federation', 'takes a role away when the group ends there'), async () => {
      await directory.leaveGroup('dora', finance);
      try {
        const { accessToken, claims, scopes } = await logIn('dora', via);
        expect(claims.roles ?? []).toEqual([]);
        expect(scopes).toEqual(new Set(['mcp:tools:execute']));
        expect(await mcpCaller('2026-07-28', platform.urls.mcp).list(accessToken)).not.toContain(
          'delete_expense',
        );
      } finally {
        await directory.joinGroup('dora', finance);
      }
    });

    it(verifies('op:federation', 'ends access here when the session ends there'), async () => {
      const { accessToken, refreshToken } = await logIn('frank', via);
      const before = await refresh(platform.urls.issuers.acme, refreshToken);
      expect(before.status).toBe(200);
      await directory.endSessions('frank');
      await expect
        .poll(async () => (await refresh(platform.urls.issuers.acme, before.body.refresh_token)).body.error, {
          timeout: 10_000,
        })
        .toBe('invalid_grant');
      const { status, challenge } = await mcpCaller('2026-07-28', platform.urls.mcp).call(
        accessToken,
        'list_expenses',
      );
      expect([status, challenge]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
    });
  });

  it(verifies('op:federation', 'gives its second factor as `acr`, by OpenID Connect'), async () => {
    const weak = await logIn('dora', 'directory-oidc');
    expect(weak.claims.acr).toBe('urn:mcp:password');
    const strong = directory.browse('dora', 'directory-oidc', { acr_values: 'urn:mcp:mfa' });
    const { claims } = await logInAtRealm(platform, 'alice', { scope: everything, user: strong });
    expect(strong.pages()).toContain('one-time code');
    expect(claims.acr).toBe('urn:mcp:mfa');
    for (const via of protocols) expect((await logIn('dora', via)).claims.acr).toBe('urn:mcp:password');
  });

  it('is not needed by those who have a password here', async () => {
    const { claims } = await logInAtRealm(platform, 'alice');
    expect(claims.acr).toBe('urn:mcp:password');
  });
});

describe('a one-time code', () => {
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [20_000_000_000, '353130'],
  ])('is that of RFC 6238, appendix B, at %i s', (seconds, code) => {
    expect(oneTimeCode('12345678901234567890', seconds * 1000)).toBe(code);
  });
});
