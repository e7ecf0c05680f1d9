import { readFileSync } from 'node:fs';
import { verifies } from '@mcp-obo/testbed/verifies';
import { expect, inject, it } from 'vitest';
import { exchangeAsMcpServer } from '../clients/fixture/exchange-as-mcp-server.ts';
import { mcpCaller } from './fixture/call.ts';
import { sharedAdmin } from './fixture/events.ts';
import { logInAtRealm, realmEndpoint } from './fixture/log-in.ts';

const platform = inject('platform');
const { secrets, auditFiles } = inject('keycloak');
const { urls, clients } = platform;
const clientId = clients.interactive.client_id;

/** A login at the client whose logouts Keycloak sends to the broker, in use at the server and at the API. */
async function logIn() {
  const login = await logInAtRealm(platform, 'bob', { clientId });
  const { accessToken } = await exchangeAsMcpServer({ urls, secrets }, login.accessToken);
  const { call } = mcpCaller('2026-07-28', urls.mcp);
  return {
    login,
    atServer: async () => (await call(login.accessToken, 'whoami')).status,
    atApi: async () => {
      const headers = { authorization: `Bearer ${accessToken}` };
      return (await fetch(`${urls.downstream}/expenses`, { headers })).status;
    },
  };
}

it.each<readonly [string, (login: Awaited<ReturnType<typeof logIn>>['login']) => Promise<unknown>]>([
  [
    'the client',
    ({ refreshToken }) =>
      fetch(realmEndpoint(urls.issuers.acme, 'logout'), {
        method: 'POST',
        body: new URLSearchParams({ client_id: clientId, refresh_token: refreshToken }),
      }),
  ],
  ['the administrator', ({ claims }) => sharedAdmin().request('DELETE', `acme/sessions/${claims.sid}`)],
])(
  verifies(
    ['tb:revocation', 'rs:revoked'],
    'a session that was ended by %s ends at the MCP server and at the API: Keycloak tells the broker',
  ),
  async (_who, end) => {
    const [ended, other] = [await logIn(), await logIn()];
    const all = () => Promise.all([ended, other].flatMap(({ atServer, atApi }) => [atServer(), atApi()]));
    expect(await all()).toEqual([200, 200, 200, 200]);
    await end(ended.login);
    await expect.poll(all, { timeout: 20_000, interval: 20 }).toEqual([401, 401, 200, 200]);
    const records = readFileSync(auditFiles.broker, 'utf8').trim().split('\n');
    const told = records
      .map((line) => JSON.parse(line))
      .filter(({ reason }) => reason === 'backchannel_logout');
    expect(told.at(-1)).toMatchObject({
      type: 'revocation',
      decision: 'allow',
      issuer: urls.issuers.acme,
      session: ended.login.claims.sid,
    });
  },
);
