import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '@mcp-obo/platform';
import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { revokeAsMcpServer } from '../clients/fixture/revoke-as-mcp-server.ts';
import { startTestPlatform } from '../clients/fixture/test-platform.ts';
import { logInEverywhere } from './fixture/log-in-everywhere.ts';

const username = 'platform';
const folder = mkdtempSync(join(tmpdir(), 'redis-password-'));
const file = join(folder, 'password');

/** As a mounted secret is written: whole, under its name at once. */
function write(password: string): void {
  writeFileSync(`${file}.new`, password, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

describe.skipIf(!redisAvailable())('a Redis with an ACL user', () => {
  let server: RedisServer;
  let operator: Redis;
  let platform: Platform;

  beforeAll(async () => {
    server = await startRedis();
    operator = new Redis(server.url);
    await operator.call('ACL', 'SETUSER', username, 'on', '>first', '~*', '&*', '+@all');
    write('first');
    const access = { url: server.url, username, password: { file } };
    platform = await startTestPlatform({
      redis: server.url,
      settings: {
        broker: { cache: access, reload_seconds: 1 },
        'mcp-server': { redis: access, revocations: access },
        'downstream-api': { revocations: access },
      },
    });
  });
  afterAll(async () => {
    await platform?.stop();
    operator?.disconnect();
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  /** How many connections the user has, and from how many processes there must be some. */
  const connections = async () =>
    String(await operator.client('LIST'))
      .split('\n')
      .filter((line) => line.includes(` user=${username} `)).length;

  it(
    verifies(
      'op:secrets',
      'gets its new password from every process, without a restart, and a revocation reaches them as before',
    ),
    async () => {
      const [before, after] = [await logInEverywhere(platform), await logInEverywhere(platform)];
      const all = () => Promise.all([before, after].flatMap(({ atServer, atApi }) => [atServer(), atApi()]));
      expect(await all()).toEqual([200, 200, 200, 200]);
      expect(await revokeAsMcpServer(platform, before.accessToken)).toBe(200);
      await expect.poll(all, { timeout: 10_000, interval: 50 }).toEqual([401, 401, 200, 200]);
      const opened = await connections();
      expect(opened).toBeGreaterThanOrEqual(4);

      await operator.call('ACL', 'SETUSER', username, '>second', '<first');
      write('second');
      await operator.call('CLIENT', 'KILL', 'USER', username);
      await expect.poll(connections, { timeout: 30_000, interval: 100 }).toBeGreaterThanOrEqual(opened);

      await expect
        .poll(() => revokeAsMcpServer(platform, after.accessToken), { timeout: 20_000, interval: 200 })
        .toBe(200);
      await expect.poll(all, { timeout: 20_000, interval: 50 }).toEqual([401, 401, 401, 401]);
    },
  );
});
