import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryRevocations, type RevocationList } from '../src/index.ts';
import { endOfToken, processAt, tokenOf } from './lists.ts';

interface Kind {
  readonly make: () => Promise<{ readonly list: RevocationList; readonly close: () => Promise<void> }>;
}

let server: RedisServer | undefined;
beforeAll(async () => {
  if (redisAvailable()) server = await startRedis();
});
afterAll(() => server?.stop());

const kinds: readonly (readonly [string, boolean, Kind])[] = [
  [
    'memory',
    true,
    {
      make: async () => {
        const list = createMemoryRevocations({ now: Date.now });
        return { list, close: list.close };
      },
    },
  ],
  ['Redis', redisAvailable(), { make: async () => processAt(server?.url ?? '') }],
];

describe.each(kinds)('a list of revocations in %s', (_name, available, { make }) => {
  it.skipIf(!available)(verifies('rs:revoked', 'knows at once what this process revoked'), async () => {
    const { list, close } = await make();
    await list.ready(15_000);
    const told: string[] = [];
    const unwatch = list.watch(({ key }) => void told.push(key));
    const entry = endOfToken('of this process');
    expect(list.isRevoked(tokenOf('of this process'))).toBe(false);
    await list.revoke([entry, entry]);
    expect(list.isRevoked(tokenOf('of this process'))).toBe(true);
    expect(list.isRevoked(tokenOf('another'))).toBe(false);
    expect(told).toEqual([entry.key]);
    unwatch();
    await list.revoke([endOfToken('a third')]);
    expect(told).toEqual([entry.key]);
    await close();
  });

  it.skipIf(!available)(verifies('rs:revocation-view', 'is fresh when it is ready'), async () => {
    const { list, close } = await make();
    await list.ready(15_000);
    await expect.poll(list.isFresh, { timeout: 20_000 }).toBe(true);
    await close();
  });
});
