import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryObtained, type ObtainedTokens } from '../src/index.ts';
import { createRedisObtained } from '../src/redis.ts';

let server: RedisServer | undefined;
let redis: Redis | undefined;
beforeAll(async () => {
  if (!redisAvailable()) return;
  server = await startRedis();
  redis = new Redis(server.url, { commandTimeout: 1000, enableOfflineQueue: true });
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

let time = Date.now();
const now = () => time;
const kinds: readonly (readonly [string, boolean, () => ObtainedTokens])[] = [
  ['memory', true, () => createMemoryObtained({ now })],
  ['Redis', redisAvailable(), () => createRedisObtained({ redis: redis as Redis, now })],
];

describe.each(kinds)('what was obtained, in %s', (name, available, make) => {
  it.skipIf(!available)(
    verifies('tb:revocation', 'is found by each thing it was obtained with, until it expires'),
    async () => {
      time = Date.now();
      const obtained = make();
      const tag = (what: string) => `${what}:${name}`;
      obtained.note([tag('token'), tag('session')], { key: 'one', until: time + 300_000 });
      obtained.note([tag('session')], { key: 'two', until: time + 600_000 });
      const keys = async (what: string) => (await obtained.find(tag(what))).map(({ key }) => key).toSorted();
      await expect.poll(() => keys('session')).toEqual(['one', 'two']);
      expect(await keys('token')).toEqual(['one']);
      expect(await keys('client')).toEqual([]);
      expect(await obtained.find(tag('token'))).toEqual([{ key: 'one', until: time + 300_000 }]);
      time += 300_001;
      expect(await keys('session')).toEqual(['two']);
      expect(await keys('token')).toEqual([]);
    },
  );
});

it('is bounded in memory: the oldest goes', () => {
  const obtained = createMemoryObtained({ now, maxTokens: 2 });
  for (const key of ['one', 'two', 'three']) obtained.note(['tag'], { key, until: time + 1000 });
  expect(obtained.findHere('tag').map(({ key }) => key)).toEqual(['two', 'three']);
});

it.skipIf(!redisAvailable())(
  verifies('tb:revocation', 'is kept in the process that obtained it when Redis does not take it'),
  async () => {
    const away = new Redis({ port: 1, lazyConnect: true, enableOfflineQueue: false });
    away.on('error', () => undefined);
    const errors: unknown[] = [];
    const obtained = createRedisObtained({ redis: away, now, onError: (error) => void errors.push(error) });
    obtained.note(['tag'], { key: 'one', until: time + 1000 });
    await expect.poll(() => errors.length).toBe(1);
    expect(obtained.findHere('tag')).toEqual([{ key: 'one', until: time + 1000 }]);
    await expect(obtained.find('tag')).rejects.toThrow();
    away.disconnect();
  },
);
