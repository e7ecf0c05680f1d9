import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { openRedis, redisOptions } from '@mcp-obo/redis-connection/open';
import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { type Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Cache } from '../src/cache.ts';
import { createRedisCache, type RedisOperation } from '../src/redis/redis-cache.ts';
import { createSeal } from '../src/seal/seal.ts';
import { createBench, request } from './setup.ts';

const hasRedis = redisAvailable();
const opened: (Redis | Cluster)[] = [];
let server: RedisServer | undefined;

beforeAll(async () => {
  if (hasRedis) server = await startRedis();
});
afterEach(() => {
  for (const redis of opened.splice(0)) redis.disconnect();
});
afterAll(() => server?.stop());

const seal = createSeal([{ id: 'k1', secret: Buffer.alloc(32, 9) }]);
const parts = { seal, now: Date.now, random: randomUUID };

function open(url = server?.url ?? ''): { cache: Cache; redis: Redis | Cluster; failures: RedisOperation[] } {
  const { redis } = openRedis({ url }, () => undefined);
  opened.push(redis);
  const failures: RedisOperation[] = [];
  const cache = createRedisCache({
    ...parts,
    redis,
    onError: (operation) => failures.push(operation),
  });
  return { cache, redis, failures };
}

async function openReady(url?: string): Promise<ReturnType<typeof open>> {
  const parts = open(url);
  await new Promise((resolve) => parts.redis.once('ready', resolve));
  return parts;
}

const soon = () => ({ expiresAt: Date.now() + 60_000, tags: ['tag'] });

/** A Redis that answers each command with one reply, late. */
async function slowRedis(delayMs: number, reply: string): Promise<{ url: string; close: () => void }> {
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const commands = chunk.toString().match(/^\*\d/gm)?.length ?? 0;
      setTimeout(() => socket.write(reply.repeat(commands)), delayMs);
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return {
    url: `redis://127.0.0.1:${port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      listening.close();
    },
  };
}

describe.skipIf(!hasRedis)('a Redis that fails', () => {
  it(
    verifies('tb:cache-sealed', 'shows an operator neither token nor user in keys, tags and values'),
    async () => {
      const { cache, redis } = await openReady();
      await redis.flushall();
      const bench = createBench({ cache: () => cache, memoryBytes: 0 });
      bench.time.now = Math.floor(Date.now() / 1000);
      const subject = await bench.subject({ sub: 'alice@example.com', sid: 'session-7' });
      // Nothing is kept until the cache hears of evictions too.
      const [token, keys] = await vi.waitFor(async () => {
        const issued = await bench.engine.exchange(request(subject));
        const kept = await redis.keys('*');
        expect(kept).toHaveLength(6);
        return [issued, kept] as const;
      }, 10_000);
      const values = await Promise.all(
        keys.map(async (key) =>
          (await redis.type(key)) === 'string'
            ? ((await redis.getBuffer(key)) ?? Buffer.of()).toString('latin1')
            : (await redis.zrange(key, '0', '-1')).join(),
        ),
      );
      const visible = [...keys, ...values].join('\n');
      for (const secret of ['alice', 'session-7', 'idp.example', 'expenses', ...token.accessToken.split('.')])
        expect(visible).not.toContain(secret);
      expect((await bench.engine.exchange(request(subject))).source).toBe('cache');
    },
  );

  it('K05: that holds something of another type is a miss, and the key goes', async () => {
    const { cache, redis, failures } = await openReady();
    const [name] = seal.namesOf('damaged');
    await redis.rpush(`mcp-obo:v1:e:{${name}}`, 'x');
    expect(await cache.get('damaged')).toBeUndefined();
    expect(await redis.exists(`mcp-obo:v1:e:{${name}}`)).toBe(0);
    expect(failures).toEqual(['get']);
  });

  it('K05: evicts what is damaged, foreign or of another type, and hands none of it over', async () => {
    const { cache, redis } = await openReady();
    const names = ['odd', 'foreign', 'moved', 'whole'].map((key) => seal.namesOf(key)[0]);
    const tag = { tags: ['damage'], expiresAt: Date.now() + 60_000 };
    for (const key of ['odd', 'foreign', 'moved', 'whole']) await cache.set(key, Buffer.from(key), tag);
    const [odd, foreign, moved, whole] = names.map((name) => `mcp-obo:v1:e:{${name}}`) as [
      string,
      string,
      string,
      string,
    ];
    await redis.del(odd);
    await redis.rpush(odd, 'x');
    const other = createSeal([{ id: 'k1', secret: Buffer.alloc(32, 8) }]);
    await redis.set(foreign, other.seal(Buffer.of(1), names[1] ?? ''));
    await redis.set(moved, (await redis.getBuffer(whole)) ?? '');
    const taken: string[] = [];
    await cache.evictByTag('damage', (value) => taken.push(String(value)));
    expect(taken).toEqual(['whole']);
    expect(await redis.exists(odd, foreign, moved, whole)).toBe(0);
  });

  it('forgets a tag when its last entry ends', async () => {
    const { cache, redis } = await openReady();
    const now = Date.now();
    const [name] = seal.namesOf('life');
    await cache.set('a', Buffer.of(1), { expiresAt: now + 20_000, tags: ['life'] });
    await cache.set('b', Buffer.of(1), { expiresAt: now + 10_000, tags: ['life'] });
    expect(await redis.pexpiretime(`mcp-obo:v1:t:${name}`)).toBe(now + 20_000);
    await cache.set('c', Buffer.of(1), { expiresAt: now + 30_000, tags: ['life'] });
    expect(await redis.pexpiretime(`mcp-obo:v1:t:${name}`)).toBe(now + 30_000);
  });

  it('F01: is missing at start: every look is a miss, and it is used once it is there', async () => {
    const { cache, failures, redis } = open('redis://127.0.0.1:1');
    expect(await cache.get('a')).toBeUndefined();
    await cache.set('a', Buffer.of(1), soon());
    expect(await cache.add('once', Buffer.of(1), soon())).toBe(true);
    expect(await cache.healthy()).toBe(false);
    expect(failures).toEqual(expect.arrayContaining(['get', 'set', 'ping']));
    await expect(cache.evictByTag('tag')).rejects.toThrow();
    redis.disconnect();
  });

  it('F02: is frozen: each look gives up at its time-out, nothing queues, and it heals', async () => {
    const frozen = await startRedis();
    try {
      const { cache, redis } = await openReady(frozen.url);
      await cache.set('a', Buffer.of(7), soon());
      frozen.pause();
      const started = performance.now();
      const looks = await Promise.all(Array.from({ length: 200 }, () => cache.get('a')));
      expect(performance.now() - started).toBeLessThan(5000);
      expect(looks.every((look) => look === undefined)).toBe(true);
      frozen.resume();
      await expect.poll(() => cache.healthy(), { timeout: 5000 }).toBe(true);
      expect([...((await cache.get('a')) ?? [])]).toEqual([7]);
      redis.disconnect();
    } finally {
      await frozen.stop();
    }
  });

  it('F04: is restarted with commands in flight: they are misses, and it heals', async () => {
    const first = await startRedis();
    const { cache } = await openReady(first.url);
    await cache.set('a', Buffer.of(7), soon());
    first.pause();
    const inFlight = [cache.get('a'), cache.set('b', Buffer.of(1), soon())];
    process.kill(first.pid, 'SIGKILL');
    await first.stop();
    await expect(Promise.all(inFlight)).resolves.toEqual([undefined, undefined]);
    const second = await startRedis({ port: first.port });
    try {
      await expect.poll(() => cache.healthy(), { timeout: 5000 }).toBe(true);
      expect(await cache.get('a')).toBeUndefined();
    } finally {
      await second.stop();
    }
  });

  it('F03: answers late: the look is given up at its time-out', async () => {
    const slow = await slowRedis(10_000, '+OK\r\n');
    try {
      const redis = new Redis(slow.url, { ...redisOptions, enableReadyCheck: false });
      opened.push(redis);
      const cache = createRedisCache({ ...parts, redis });
      await new Promise((resolve) => redis.once('connect', resolve));
      const started = performance.now();
      expect(await cache.get('a')).toBeUndefined();
      expect(performance.now() - started).toBeLessThan(5000);
    } finally {
      slow.close();
    }
  });

  it.each([
    '-LOADING Redis is loading the dataset in memory',
    '-MOVED 3999 127.0.0.1:6381',
    '-READONLY You cannot write against a read only replica.',
    '-NOAUTH Authentication required.',
    '-OOM command not allowed',
  ])('F04: answers %s: a miss, and a write that is forgotten', async (reply) => {
    const odd = await slowRedis(0, `${reply}\r\n`);
    try {
      const redis = new Redis(odd.url, { ...redisOptions, enableReadyCheck: false });
      opened.push(redis);
      const failures: RedisOperation[] = [];
      const cache = createRedisCache({
        ...parts,
        redis,
        onError: (operation) => failures.push(operation),
      });
      await new Promise((resolve) => redis.once('connect', resolve));
      expect(await cache.get('a')).toBeUndefined();
      await cache.set('a', Buffer.of(1), soon());
      expect(failures).toEqual(expect.arrayContaining(['get', 'set']));
    } finally {
      odd.close();
    }
  });

  it.each([
    ['F04: is out of memory', ['--maxmemory', '1']],
    ['F04: wants a password', ['--requirepass', 'secret']],
    ['F04: is a replica that may not be written', ['--replicaof', '127.0.0.1 1']],
  ])('%s: looks are misses, writes are forgotten', async (_what, args) => {
    const limited = await startRedis({ args });
    try {
      const { cache, failures } = open(limited.url);
      await new Promise((resolve) => setTimeout(resolve, 100));
      await cache.set('a', Buffer.of(1), soon());
      expect(await cache.get('a')).toBeUndefined();
      expect(failures).toContain('set');
    } finally {
      await limited.stop();
    }
  });
});
