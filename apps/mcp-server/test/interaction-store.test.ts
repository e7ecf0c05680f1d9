import { createMemoryInteractionStore, type InteractionStore } from '@mcp-obo/mcp';
import { openRedis } from '@mcp-obo/redis-connection/open';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedisInteractionStore } from '../src/redis-interaction-store.ts';

interface Opened {
  /** Two of them, as two replicas have. */
  readonly stores: readonly [InteractionStore, InteractionStore];
  readonly close: () => Promise<void>;
}

const openMemory = async (): Promise<Opened> => {
  const store = createMemoryInteractionStore({ now: Date.now });
  return { stores: [store, store], close: async () => undefined };
};

const openInRedis = async (): Promise<Opened> => {
  const server = await startRedis();
  const connections = [0, 1].map(() => openRedis({ url: server.url }, () => undefined).redis);
  await Promise.all(
    connections.map((redis) =>
      redis.ping().catch(() => new Promise((resolve) => redis.once('ready', resolve))),
    ),
  );
  const [one, two] = connections.map((redis) => createRedisInteractionStore({ redis, prefix: 'test:' }));
  if (one === undefined || two === undefined) throw new Error('There must be two.');
  return {
    stores: [one, two],
    close: async () => {
      for (const redis of connections) redis.disconnect();
      await server.stop();
    },
  };
};

const kinds = [
  ['memory', openMemory, false],
  ['Redis', openInRedis, true],
] as const;

describe.each(kinds)('interactions in %s', (_kind, open, needsRedis) => {
  const skipped = needsRedis && !redisAvailable() && process.env.CI !== 'true';
  let opened: Opened;
  beforeAll(async () => {
    if (!skipped) opened = await open();
  });
  afterAll(async () => await opened?.close());

  it.skipIf(skipped)(verifies('tb:consent', 'are found by another replica'), async () => {
    const [one, two] = opened.stores;
    await one.put('a', 'record', Date.now() + 60_000);
    expect([await two.get('a'), await two.get('a')]).toEqual(['record', 'record']);
    expect(await two.get('b')).toBeUndefined();
  });

  it.skipIf(skipped)(verifies('tb:consent', 'are given away once, however many ask at once'), async () => {
    const [one, two] = opened.stores;
    await one.put('once', 'record', Date.now() + 60_000);
    const taken = await Promise.all([1, 2, 3, 4].flatMap(() => [one.take('once'), two.take('once')]));
    expect(taken.filter((value) => value !== undefined)).toEqual(['record']);
    expect(await one.get('once')).toBeUndefined();
  });

  it.skipIf(skipped)(verifies('tb:consent', 'end at their time'), async () => {
    const [one] = opened.stores;
    await one.put('short', 'record', Date.now() + 30);
    await expect.poll(() => one.get('short')).toBeUndefined();
  });
});
