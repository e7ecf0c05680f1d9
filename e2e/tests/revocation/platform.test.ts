import type { Platform } from '@mcp-obo/platform';
import { redisAvailable } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchangeAsMcpServer } from '../clients/fixture/exchange-as-mcp-server.ts';
import { revokeAsMcpServer } from '../clients/fixture/revoke-as-mcp-server.ts';
import { startTestPlatform } from '../clients/fixture/test-platform.ts';
import { logInEverywhere } from './fixture/log-in-everywhere.ts';

let platform: Platform;

const logIn = () => logInEverywhere(platform);
const revoke = (token: string) => revokeAsMcpServer(platform, token);

/** Milliseconds until every one of these is refused; each is asked again and again. */
async function refusedAfter(...ways: readonly (() => Promise<number>)[]): Promise<number> {
  const start = performance.now();
  await Promise.all(ways.map((way) => expect.poll(way, { timeout: 20_000, interval: 10 }).toBe(401)));
  return Math.round(performance.now() - start);
}

describe.skipIf(!redisAvailable())('a revocation at the broker', () => {
  beforeAll(async () => {
    platform = await startTestPlatform({ redis: 'own' });
  });
  afterAll(() => platform.stop());

  it(
    verifies(
      ['rs:revoked', 'tb:revocation'],
      'ends a user’s token at the MCP server, and what was obtained with it at the API',
    ),
    async ({ annotate }) => {
      const [one, other] = [await logIn(), await logIn()];
      const all = () => Promise.all([one, other].flatMap(({ atServer, atApi }) => [atServer(), atApi()]));
      expect(await all()).toEqual([200, 200, 200, 200]);
      expect(await revoke(one.accessToken)).toBe(200);
      await annotate(`refused by both after ${await refusedAfter(one.atServer, one.atApi)} ms`);
      expect(await all()).toEqual([401, 401, 200, 200]);
      const exchange = exchangeAsMcpServer(platform, one.accessToken);
      await expect(exchange).rejects.toThrow('400 invalid_request');
    },
  );

  it(
    verifies(
      ['rs:revoked', 'tb:revocation'],
      'ends a token that was obtained, and the next call works with another',
    ),
    async () => {
      const login = await logIn();
      expect(await login.atApi()).toBe(200);
      expect(await revoke(login.obtained)).toBe(200);
      await refusedAfter(login.atApi);
      expect(await login.atServer()).toBe(200);
      const next = await exchangeAsMcpServer(platform, login.accessToken);
      expect(next.accessToken).not.toBe(login.obtained);
    },
  );
});
