import type { Platform } from '@mcp-obo/platform';
import { createTestIssuer, type ServedIssuer } from '@mcp-obo/testbed/issuer';
import { redisAvailable } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askBroker, exchangeAsMcpServer } from '../clients/fixture/exchange-as-mcp-server.ts';
import { logInByHand } from '../clients/fixture/raw-login.ts';
import { startTestPlatform } from '../clients/fixture/test-platform.ts';
import { mcpCaller } from '../keycloak/fixture/call.ts';
import { type Replica, startReplica } from './fixture/replica.ts';

const stream = 'https://broker.acme.example';
const disabled = 'https://schemas.openid.net/secevent/risc/event-type/account-disabled';
const shown = 'what-the-transmitter-shows';
const transmitter = createTestIssuer({ issuer: 'https://signals.acme.example', alg: 'ES256' });

let platform: Platform;
let replica: Replica;
let keys: ServedIssuer;

/** All that a login opens: at the server, at the API, and at both brokers. */
async function logIn(username: string) {
  const { accessToken } = await logInByHand(platform, { username });
  const obtained = (await exchangeAsMcpServer(platform, accessToken)).accessToken;
  const { call } = mcpCaller('2026-07-28', platform.urls.mcp);
  const atBroker = async (broker: string) => {
    const { urls, secrets } = platform;
    return (await askBroker({ urls: { ...urls, broker }, secrets }, { subjectToken: accessToken })).status;
  };
  return {
    subject: decodeJwt(accessToken).sub,
    ways: async () => ({
      server: (await call(accessToken, 'whoami')).status,
      api: (
        await fetch(`${platform.urls.downstream}/expenses`, {
          headers: { authorization: `Bearer ${obtained}` },
        })
      ).status,
      broker: await atBroker(platform.urls.broker),
      replica: await atBroker(replica.url),
    }),
  };
}

const open = { server: 200, api: 200, broker: 200, replica: 200 };
const closed = { server: 401, api: 401, broker: 400, replica: 400 };

/** Pushes an event about a user to the replica, as a transmitter does. */
async function push(claims: object, authorization = `Bearer ${shown}`) {
  const token = await transmitter.mint(
    { aud: stream, sub: undefined, exp: undefined, client_id: undefined, scope: undefined, ...claims },
    { header: { typ: 'secevent+jwt' } },
  );
  const headers = { 'content-type': 'application/secevent+jwt', authorization };
  const response = await fetch(`${replica.url}/security-events`, { method: 'POST', headers, body: token });
  return [response.status, await response.text()];
}

describe.skipIf(!redisAvailable())('a security event that is pushed to one of two brokers', () => {
  beforeAll(async () => {
    platform = await startTestPlatform({ redis: 'own' });
    keys = await transmitter.serve({ port: 0 });
    replica = await startReplica(platform.runDir, {
      transmitter: transmitter.issuer,
      jwks_uri: keys.jwksUri,
      audiences: [stream],
      push: { token: { value: shown } },
    });
  });
  afterAll(async () => {
    await replica?.stop();
    await keys?.close();
    await platform?.stop();
  });

  it(
    verifies(
      ['tb:revocation', 'rs:revoked'],
      'ends what the user had opened, at both brokers, at the MCP server and at the API, and nothing that is opened later',
    ),
    async ({ annotate }) => {
      const [ended, other] = [await logIn('alice'), await logIn('bob')];
      expect([await ended.ways(), await other.ways()]).toEqual([open, open]);
      const happened = Math.floor(Date.now() / 1000);
      const about = {
        jti: 'alice is disabled',
        sub_id: { format: 'iss_sub', iss: platform.urls.issuers.acme, sub: ended.subject },
        events: { [disabled]: { event_timestamp: happened } },
      };
      expect(await push(about, 'Bearer what-somebody-shows')).toEqual([
        400,
        expect.stringContaining('authentication_failed'),
      ]);
      expect(await ended.ways()).toEqual(open);

      expect(await push(about)).toEqual([202, '']);
      const since = performance.now();
      await expect.poll(ended.ways, { timeout: 20_000, interval: 10 }).toEqual(closed);
      await annotate(`refused everywhere after ${Math.round(performance.now() - since)} ms`);
      expect(await other.ways()).toEqual(open);
      expect(replica.records().findLast(({ reason }) => reason === 'security_event')).toMatchObject({
        decision: 'allow',
        reason: 'security_event',
        issuer: platform.urls.issuers.acme,
        token_id: 'alice is disabled',
      });

      // Clocks may differ by two seconds; then the user is enabled again, logs in, and the news comes once more.
      await expect
        .poll(() => Math.floor(Date.now() / 1000), { timeout: 10_000 })
        .toBeGreaterThan(happened + 2);
      const later = await logIn('alice');
      expect(await push(about)).toEqual([202, '']);
      expect(await push({ ...about, jti: 'alice is disabled, told anew' })).toEqual([202, '']);
      expect([await ended.ways(), await later.ways()]).toEqual([closed, open]);
    },
  );

  it(
    verifies('tb:revocation', 'is no event when it is signed by who logs the user in, or about nobody'),
    async () => {
      const login = await logIn('bob');
      const about = { jti: 'x', events: { [disabled]: {} } };
      const sub_id = { format: 'iss_sub', iss: platform.urls.issuers.acme, sub: login.subject };
      const refused = (code: string) => [400, expect.stringContaining(code)];
      expect(await push({ ...about, sub_id, iss: platform.urls.issuers.acme })).toEqual(
        refused('invalid_issuer'),
      );
      expect(await push({ ...about, sub_id, aud: 'other' })).toEqual(refused('invalid_audience'));
      expect(await push({ ...about, sub_id: { format: 'email', email: 'bob@acme.example' } })).toEqual(
        refused('invalid_request'),
      );
      expect(await login.ways()).toEqual(open);
    },
  );
});
