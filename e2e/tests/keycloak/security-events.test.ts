import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { exchangeAsMcpServer } from '../clients/fixture/exchange-as-mcp-server.ts';
import { credentialsOf } from '../clients/fixture/test-platform.ts';
import { type Replica, startReplica } from '../revocation/fixture/replica.ts';
import { mcpCaller } from './fixture/call.ts';
import { sharedAdmin } from './fixture/events.ts';
import { logInAtRealm } from './fixture/log-in.ts';
import { type EventStream, openStream } from './fixture/shared-signals.ts';

const platform = inject('platform');
const { secrets, runDir } = inject('keycloak');
const { urls } = platform;

let stream: EventStream;
let replica: Replica;

// A broker beside the shared one: what it learns reaches all over Redis alone.
beforeAll(async () => {
  const { id } = await sharedAdmin().user('acme', 'bob');
  stream = await openStream('acme', urls.issuers.acme, [id]);
  replica = await startReplica(runDir, stream.settings);
});
afterAll(async () => {
  // Who comes after finds a user who can log in.
  await mayLogIn();
  await replica?.stop();
  await stream?.remove();
});

/** A login at a client whose logouts Keycloak tells nobody of, in use at the server and at the API. */
async function logIn(username: string) {
  const login = await logInAtRealm(platform, username);
  const { accessToken } = await exchangeAsMcpServer({ urls, secrets }, login.accessToken);
  const { call } = mcpCaller('2026-07-28', urls.mcp);
  const headers = { authorization: `Bearer ${accessToken}` };
  return async () => [
    (await call(login.accessToken, 'whoami')).status,
    (await fetch(`${urls.downstream}/expenses`, { headers })).status,
  ];
}

/** A login after the last event, by more than clocks may differ. */
async function mayLogIn() {
  const tried = async () => expect(await (await logIn('bob'))()).toEqual([200, 200]);
  await vi.waitFor(tried, { timeout: 30_000, interval: 1000 });
}

it.each<readonly [string, string, (id: string) => Promise<unknown>]>([
  ['logged out', 'session-revoked', (id) => sharedAdmin().request('POST', `acme/users/${id}/logout`)],
  [
    'given another password',
    'credential-change',
    (id) =>
      sharedAdmin().request('PUT', `acme/users/${id}/reset-password`, {
        type: 'password',
        value: credentialsOf(platform, 'bob').password,
        temporary: false,
      }),
  ],
])(
  verifies(
    ['tb:revocation', 'rs:revoked'],
    'what a user had opened who is %s by the administrator ends at the MCP server and at the API: the broker fetches the event %s from Keycloak',
  ),
  async (_what, _event, change) => {
    // Behind the event of the case before by more than clocks may differ.
    const before = replica.records().length;
    await mayLogIn();
    const [ended, other] = [await logIn('bob'), await logIn('alice')];
    expect([await ended(), await other()]).toEqual([
      [200, 200],
      [200, 200],
    ]);
    const { id } = await sharedAdmin().user('acme', 'bob');
    await change(id);
    await expect.poll(ended, { timeout: 20_000, interval: 20 }).toEqual([401, 401]);
    expect(await other()).toEqual([200, 200]);
    const told = () =>
      replica
        .records()
        .slice(before)
        .filter(({ reason }) => reason === 'security_event');
    await expect
      .poll(told, { timeout: 10_000 })
      .toMatchObject([
        { type: 'revocation', decision: 'allow', issuer: urls.issuers.acme, user: { key: id } },
      ]);
  },
);
