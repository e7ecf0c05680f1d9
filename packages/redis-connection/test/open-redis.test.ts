import { inspect } from 'node:util';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { type RunningRedis, redisTopologies, redisUser } from '@mcp-obo/testbed/redis-topologies';
import { startTcpProxy } from '@mcp-obo/testbed/tcp-proxy';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRedis, type RedisConnection } from '../src/open.ts';

const rights =
  '~* -@all +get +set +hello +auth +ping +info +cluster|slots +cluster|info +acl|setuser +client|kill';
const opened: RedisConnection[] = [];

afterEach(() => {
  for (const { redis } of opened.splice(0)) redis.disconnect();
});

function open(settings: RunningRedis['settings'], onLost: (error: unknown) => void = () => undefined) {
  const connection = openRedis(settings, onLost);
  opened.push(connection);
  return connection;
}

/** Becomes true when a value is stored and read again. */
const works = ({ redis }: RedisConnection, key = 'key') =>
  expect
    .poll(
      async () => {
        const value = String(Math.random());
        await redis.set(key, value).catch(() => undefined);
        return (await redis.get(key).catch(() => undefined)) === value;
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBe(true);

it.skipIf(!redisAvailable() && process.env.CI !== 'true')('has a real redis-server to be tested on', () => {
  expect(redisAvailable(), 'install redis-server').toBe(true);
});

describe.skipIf(!redisAvailable()).each(Object.entries(redisTopologies(rights)))(
  'a connection to Redis %s',
  (name, start) => {
    let running: RunningRedis;
    beforeAll(async () => {
      running = await start();
    });
    afterAll(() => running?.stop());
    const hasUser = name.includes('user');

    it('is open, and writes and reads', async () => {
      await works(open(running.settings));
    });

    it(verifies('op:redaction', 'says once that it is not let in, and not with which password'), async () => {
      const lost: unknown[] = [];
      const { redis } = open(
        { ...running.settings, username: 'stranger', password: 'password-of-a-stranger' },
        (error) => lost.push(error),
      );
      await expect.poll(() => lost.length, { timeout: 10_000 }).toBe(1);
      await expect(redis.set('key', 'value')).rejects.toThrow();
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(String(lost)).toMatch(/WRONGPASS|failed to refresh slots/i);
      expect(lost).toHaveLength(1);
      expect(inspect(lost, { depth: 9, showHidden: true })).not.toContain('password-of-a-stranger');
    });

    if (hasUser)
      it(verifies('op:secrets', 'takes a new password for what it connects from then on'), async () => {
        const connection = open(running.settings);
        await works(connection);
        await everywhere(
          connection,
          'ACL',
          'SETUSER',
          redisUser.username,
          '>another',
          `<${redisUser.password}`,
        );
        connection.renew({ ...running.settings, password: 'another' });
        await everywhere(connection, 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no').catch(
          () => undefined,
        );
        await works(connection);
      });
  },
);

/** The command at every server. */
async function everywhere({ redis }: RedisConnection, command: string, ...words: string[]): Promise<void> {
  const servers = 'nodes' in redis ? redis.nodes() : [redis];
  await Promise.all(servers.map((server) => server.call(command, ...words)));
}

describe.skipIf(!redisAvailable())('a connection that failed', () => {
  it('F01: says so once, however often it is tried', async () => {
    const lost: unknown[] = [];
    const { redis } = open({ url: 'redis://127.0.0.1:1' }, (error) => lost.push(error));
    await new Promise<void>((resolve) => {
      let attempts = 0;
      redis.on('reconnecting', () => {
        attempts += 1;
        if (attempts === 3) resolve();
      });
    });
    expect(lost).toHaveLength(1);
  });

  it(
    verifies('tb:redis-down', 'is opened anew when a reply was lost, so that no command is handed another’s'),
    async () => {
      const server = await startRedis();
      const proxy = await startTcpProxy(server.port);
      const connection = open({ url: `redis://127.0.0.1:${proxy.port}` });
      const { redis } = connection;
      await works(connection);
      await Promise.all(['a', 'b', 'c'].map((key) => redis.set(key, key)));
      const reads = async () => {
        const answers: (string | null | undefined)[] = [];
        for (const key of ['a', 'b', 'c', 'a', 'b', 'c'])
          answers.push(await Promise.race([redis.get(key).catch(() => undefined)]));
        return answers;
      };
      proxy.loseReply();
      const out = await Promise.all(['a', 'b', 'c'].map((key) => redis.get(key).catch(() => undefined)));
      expect(out).not.toEqual(['a', 'b', 'c']);
      await expect.poll(reads, { timeout: 10_000 }).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
      await proxy.close();
      await server.stop();
    },
  );
});
