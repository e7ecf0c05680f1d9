import type { Grant } from '@mcp-obo/grant';
import type { RedisSettings } from '@mcp-obo/redis-connection';
import { openRedis } from '@mcp-obo/redis-connection/open';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { startRedisCluster } from '@mcp-obo/testbed/redis-cluster';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLimits } from '../src/limits.ts';

const grant = (user: string | undefined, client = 'c') =>
  ({
    issuer: 'https://idp.example',
    client,
    ...(user === undefined ? {} : { user: { issuer: 'https://idp.example', key: user } }),
  }) as Grant;
const call = { kind: 'tool', name: 'x', args: {} } as const;
const read = { kind: 'resource', name: 'x://1', args: {} } as const;

describe('limits', () => {
  it(
    verifies('op:rate-tools', 'count tool calls and resource reads of one client and user apart'),
    async () => {
      const limiter = createLimits({ toolCalls: 2, resourceReads: 3 });
      const remaining = async (operation: typeof call | typeof read) =>
        (await limiter(grant('u'), operation))?.remaining;
      expect([await remaining(call), await remaining(call), await remaining(read)]).toEqual([1, 0, 2]);
      expect(await limiter(grant('u'), call)).toMatchObject({ exceeded: true, limit: 2, policy: 'tools' });
    },
  );

  it.each([
    ['another user', grant('v')],
    ['another client', grant('u', 'other')],
    ['a machine', grant(undefined)],
  ])(verifies('op:rate-tools', 'leave %s alone'), async (_case, other) => {
    const limiter = createLimits({ toolCalls: 1, resourceReads: 1 });
    await limiter(grant('u'), call);
    expect(await limiter(other, call)).toMatchObject({ exceeded: false });
  });

  it('do not count lists and prompts', async () => {
    const limiter = createLimits({ toolCalls: 1, resourceReads: 1 });
    expect(await limiter(grant('u'), { kind: 'prompt', name: 'p', args: {} })).toBeUndefined();
  });
});

const servers: readonly (readonly [
  string,
  () => Promise<{ settings: RedisSettings; stop: () => Promise<void> }>,
])[] = [
  [
    'in Redis',
    async () => {
      const { url, stop } = await startRedis();
      return { settings: { url }, stop };
    },
  ],
  [
    'in a Redis Cluster',
    async () => {
      const { nodes, stop } = await startRedisCluster();
      return { settings: { cluster: { nodes } }, stop };
    },
  ],
];

describe.skipIf(!redisAvailable() && process.env.CI !== 'true').each(servers)(
  'limits %s',
  (_where, start) => {
    let server: Awaited<ReturnType<typeof start>>;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server.stop());
    const connect = () => openRedis(server.settings, () => undefined).redis;

    it(verifies('op:rate-tools', 'are shared by replicas, and hold no name of a caller'), async () => {
      const [one, two] = [connect(), connect()];
      await Promise.all(
        [one, two].map((redis) =>
          redis.ping().catch(() => new Promise((resolve) => redis.once('ready', resolve))),
        ),
      );
      const [a, b] = [one, two].map((redis) => createLimits({ toolCalls: 1, resourceReads: 1, redis }));
      expect(await a?.(grant('somebody'), call)).toMatchObject({ exceeded: false });
      expect(await b?.(grant('somebody'), call)).toMatchObject({ exceeded: true });
      expect(await one.keys('*somebody*')).toEqual([]);
      for (const redis of [one, two]) redis.disconnect();
    });

    it(verifies('op:rate-tools', 'go on by themselves while Redis is away'), async () => {
      const { redis } = openRedis({ url: 'redis://127.0.0.1:1' }, () => undefined);
      const limiter = createLimits({ toolCalls: 1, resourceReads: 1, redis });
      expect(await limiter(grant('u'), call)).toMatchObject({ exceeded: false });
      expect(await limiter(grant('u'), call)).toMatchObject({ exceeded: true });
      redis.disconnect();
    });
  },
);
