import { setTimeout as sleep } from 'node:timers/promises';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, inject, it } from 'vitest';
import { askBroker } from '../clients/fixture/exchange-as-mcp-server.ts';
import { clientLines, connectOwn } from './fixture/client-lines.ts';
import { refresh } from './fixture/log-in.ts';

const platform = inject('platform');
const { secrets, clientId } = inject('keycloak');
const { urls } = platform;

const refusalOf = async (refreshToken: string) => {
  const { status, body } = await refresh(urls.issuers.acme, refreshToken);
  return [status, body.error, body.error_description];
};

/** Keycloak tells a refresh token from its successor by whole seconds (docs/idp/keycloak.md). */
const nextSecond = () => sleep(1200);

describe.concurrent('refresh tokens, which Keycloak rotates', () => {
  it.each(Object.entries(clientLines))(
    verifies(
      'cl:refresh',
      '%s keeps the newest; who replays an old one ends the session for both, and the user logs in again',
    ),
    async (_name, connect) => {
      const client = await connect(platform, 'bob', clientId);
      const owner = async () => {
        const { structuredContent } = await client.call('list_expenses');
        return (structuredContent as { seen: { user: string } }).seen.user;
      };
      expect(await owner()).toBe('bob');
      const first = client.tokens();

      await nextSecond();
      await client.spoil();
      expect(await owner()).toBe('bob');
      const second = client.tokens();
      expect(second.accessToken).not.toBe(first.accessToken);
      expect(second.refreshToken).not.toBe(first.refreshToken);
      expect(client.logins()).toBe(1);

      await nextSecond();
      expect(await refusalOf(first.refreshToken)).toEqual([
        400,
        'invalid_grant',
        'Maximum allowed refresh token reuse exceeded',
      ]);
      expect((await refusalOf(second.refreshToken)).slice(0, 2)).toEqual([400, 'invalid_grant']);

      await client.spoil();
      expect(await owner()).toBe('bob');
      expect(client.logins()).toBe(2);
      await client.close();
    },
  );

  it(
    verifies(
      'cl:refresh',
      '@mcp-obo/client renews once for calls that come at once, so that none of them counts as a replay',
    ),
    async () => {
      const client = await connectOwn(platform, 'maria', clientId);
      const before = client.tokens();
      await nextSecond();
      await client.spoil();
      const answers = await Promise.all(Array.from({ length: 10 }, () => client.call('list_expenses')));
      expect(answers.map(({ isError }) => isError ?? false)).toEqual(Array(10).fill(false));
      expect(client.tokens().refreshToken).not.toBe(before.refreshToken);
      // A second refresh with the same token would have ended the session.
      await nextSecond();
      await client.spoil();
      await client.call('whoami');
      expect(client.logins()).toBe(1);
      await client.close();
    },
  );

  it(
    verifies(
      'cl:refresh',
      '@mcp-obo/client revokes at sign-out: neither token is of use at Keycloak, nor for a cold exchange',
    ),
    async () => {
      const client = await connectOwn(platform, 'maria', clientId);
      const { accessToken, refreshToken } = client.tokens();
      expect(await client.signOut()).toMatchObject({ revoked: true });
      expect((await refusalOf(refreshToken)).slice(0, 2)).toEqual([400, 'invalid_grant']);
      const { status, body } = await askBroker({ urls, secrets }, { subjectToken: accessToken });
      expect([status, body.error]).toEqual([400, 'invalid_request']);
      await client.close();
    },
  );
});
