import { readFileSync } from 'node:fs';
import type { Platform } from '@mcp-obo/platform';
import { redisAvailable } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchangeAsMcpServer } from '../clients/fixture/exchange-as-mcp-server.ts';
import { logInByHand } from '../clients/fixture/raw-login.ts';
import { revokeAsMcpServer } from '../clients/fixture/revoke-as-mcp-server.ts';
import { startTestPlatform } from '../clients/fixture/test-platform.ts';
import { type Replica, startReplica } from './fixture/replica.ts';

const audience = 'api://expenses';
const within = { timeout: 20_000, interval: 20 };

let platform: Platform;
let replica: Replica;

/** Whether the issuer itself says that a token can be used (RFC 7662). */
async function isActive(token: string): Promise<boolean> {
  const { urls, secrets } = platform;
  const id = encodeURIComponent(urls.mcp);
  const credential = Buffer.from(`${id}:${encodeURIComponent(secrets.registration.acme)}`);
  const response = await fetch(`${urls.issuers.acme}/token/introspection`, {
    method: 'POST',
    headers: { authorization: `Basic ${credential.toString('base64')}` },
    body: new URLSearchParams({ token }),
  });
  return ((await response.json()) as { readonly active: boolean }).active;
}

/** A login, and what one broker obtained with it, which the other has from the cache. */
async function logIn() {
  const { accessToken } = await logInByHand(platform, { username: 'alice' });
  const obtained = (await exchangeAsMcpServer(platform, accessToken)).accessToken;
  const urls = { ...platform.urls, broker: replica.url };
  const again = await exchangeAsMcpServer({ ...platform, urls }, accessToken);
  expect(again.accessToken).toBe(obtained);
  return { accessToken, obtained };
}

/** What both brokers wrote down of tokens at their issuer. */
const records = () =>
  [
    ...readFileSync(platform.auditFile('broker'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)),
    ...replica.records(),
  ].flatMap(({ reason }) => (String(reason).startsWith('issuer_') ? [reason] : []));

describe.skipIf(!redisAvailable())('an API whose tokens only the issuer can read', () => {
  beforeAll(async () => {
    const targets = [{ name: 'expenses-api', audience, kind: 'opaque', scopes: ['api:expenses.read'] }];
    const rule = { clients: ['mcp-server'], target: 'expenses-api', tenants: ['acme', 'globex'] };
    const rules = [{ ...rule, subject_scopes: ['expenses:read'], scopes: ['api:expenses.read'] }];
    platform = await startTestPlatform({
      redis: 'own',
      settings: {
        'dev-idp': { opaque_resources: [audience] },
        broker: { targets, policy: { version: 'opaque', rules } },
      },
    });
    replica = await startReplica(platform.runDir);
  });
  afterAll(async () => {
    await replica?.stop();
    await platform?.stop();
  });

  it(
    verifies('tb:revocation', 'has them end at the issuer when what they were obtained with is revoked'),
    async () => {
      const [ended, other] = [await logIn(), await logIn()];
      const states = () => Promise.all([ended.obtained, other.obtained].map(isActive));
      expect(await states()).toEqual([true, true]);
      const before = records().length;
      expect(await revokeAsMcpServer(platform, ended.accessToken)).toBe(200);
      await expect.poll(states, within).toEqual([false, true]);
      await expect.poll(() => records().slice(before), within).toEqual(['issuer_revoked']);
    },
  );

  it(
    verifies('tb:revocation', 'has one end that its client revokes, at a broker that did not obtain it'),
    async () => {
      const [ended, other] = [await logIn(), await logIn()];
      const states = () => Promise.all([ended.obtained, other.obtained].map(isActive));
      const before = records().length;
      const urls = { ...platform.urls, broker: replica.url };
      expect(await revokeAsMcpServer({ ...platform, urls }, ended.obtained)).toBe(200);
      await expect.poll(states, within).toEqual([false, true]);
      await expect.poll(() => records().slice(before), within).toEqual(['issuer_revoked']);
      const next = await exchangeAsMcpServer(platform, ended.accessToken);
      expect(next.accessToken).not.toBe(ended.obtained);
      expect(await isActive(next.accessToken)).toBe(true);
    },
  );
});
