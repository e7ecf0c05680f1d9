import { randomUUID } from 'node:crypto';
import { openRedis } from '@mcp-obo/redis-connection/open';
import { redisAvailable } from '@mcp-obo/testbed/redis';
import { type RunningRedis, redisTopologies } from '@mcp-obo/testbed/redis-topologies';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, type ExpectStatic, it } from 'vitest';
import { createRedisObtained, createRedisRevocations } from '../src/redis.ts';
import { endOfToken, tokenOf } from './lists.ts';

const prefix = 'test:';
const within = { timeout: 20_000, interval: 20 };

/** What a broker does; a follower does a part of it. */
const topologies = redisTopologies(
  `~${prefix}* -@all +get +set +del +exists +xadd +xread +xtrim +xinfo|stream +time +eval +evalsha ` +
    '+zadd +zremrangebyscore +zrangebyscore +pexpireat +hello +auth +ping +info +cluster|slots +cluster|info',
);

describe.skipIf(!redisAvailable()).concurrent.each(Object.entries(topologies))(
  'a list of revocations in Redis %s',
  (_name, start) => {
    let running: RunningRedis;
    const open: (() => Promise<void>)[] = [];
    beforeAll(async () => {
      running = await start();
    });
    afterAll(async () => {
      await Promise.all(open.map((close) => close()));
      await running.stop();
    });

    /** A process that has a fresh view. */
    async function join(expect: ExpectStatic) {
      const { redis } = openRedis(running.settings, () => undefined);
      const errors: unknown[] = [];
      const options = { redis, prefix, now: Date.now, onError: (error: unknown) => void errors.push(error) };
      const list = createRedisRevocations({ ...options, random: randomUUID });
      const obtained = createRedisObtained(options);
      open.push(async () => {
        await list.close();
        redis.disconnect();
      });
      await expect.poll(list.isFresh, within).toBe(true);
      return { list, obtained, errors };
    }

    it(
      verifies('rs:revoked', 'is known to all, and to who joins later, with few rights'),
      async ({ expect }) => {
        const [one, other] = [await join(expect), await join(expect)];
        await one.list.revoke([endOfToken('one')]);
        await expect.poll(() => other.list.isRevoked(tokenOf('one')), within).toBe(true);
        await other.list.revoke([endOfToken('other')]);
        await expect.poll(() => one.list.isRevoked(tokenOf('other')), within).toBe(true);
        const late = await join(expect);
        expect(['one', 'other'].map((id) => late.list.isRevoked(tokenOf(id)))).toEqual([true, true]);
      },
    );

    it(verifies('tb:revocation', 'is beside what was obtained with what'), async ({ expect }) => {
      const [one, other] = [await join(expect), await join(expect)];
      const until = Date.now() + 60_000;
      one.obtained.note(['token:a', 'session:a'], { key: 'token:b', until });
      for (const tag of ['token:a', 'session:a'])
        await expect.poll(() => other.obtained.find(tag), within).toEqual([{ key: 'token:b', until }]);
      expect(one.errors).toEqual([]);
    });
  },
);
