import { randomUUID } from 'node:crypto';
import { openRedis } from '@mcp-obo/redis-connection/open';
import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisRevocations } from '../src/redis.ts';
import { endOfToken, tokenOf } from './lists.ts';

const within = { timeout: 20_000, interval: 20 };

describe.skipIf(!redisAvailable())('a list in a Redis whose password changes', () => {
  let server: RedisServer;
  let operator: Redis;
  beforeAll(async () => {
    server = await startRedis();
    operator = new Redis(server.url);
  });
  afterAll(async () => {
    operator?.disconnect();
    await server?.stop();
  });

  it(
    verifies(
      ['op:secrets', 'rs:revocation-view'],
      'is read on with the new one, by the connection that waits for news as well',
    ),
    async () => {
      await operator.call('ACL', 'SETUSER', 'reader', 'on', '>first', '~*', '&*', '+@all');
      const settings = { url: server.url, username: 'reader', password: 'first' };
      const { redis, renew } = openRedis(settings, () => undefined);
      const list = createRedisRevocations({ redis, now: Date.now, random: randomUUID });
      const teller = createRedisRevocations({ redis: operator, now: Date.now, random: randomUUID });
      try {
        await expect.poll(list.isFresh, within).toBe(true);
        await operator.call('ACL', 'SETUSER', 'reader', '>second', '<first');
        renew({ ...settings, password: 'second' });
        await operator.call('CLIENT', 'KILL', 'USER', 'reader');
        await teller.ready(5000);
        await teller.revoke([endOfToken('one')]);
        await expect.poll(() => list.isRevoked(tokenOf('one')), within).toBe(true);
        await expect.poll(list.isFresh, within).toBe(true);
      } finally {
        await Promise.all([list.close(), teller.close()]);
        redis.disconnect();
      }
    },
  );
});
