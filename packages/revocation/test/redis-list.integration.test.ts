import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endOfToken, processAt, tokenOf } from './lists.ts';

type Process = ReturnType<typeof processAt>;

let server: RedisServer;
let open: Process[] = [];

const within = { timeout: 20_000, interval: 10 };

/** A process that has a fresh view. */
async function join(options: Parameters<typeof processAt>[1] = {}): Promise<Process> {
  const process = processAt(server.url, options);
  open.push(process);
  await process.list.ready(20_000);
  // A machine that is busy may take longer for the next look than the view may be old.
  await expect.poll(process.list.isFresh, within).toBe(true);
  return process;
}

const knows = ({ list }: Process, id: string) =>
  expect.poll(() => list.isRevoked(tokenOf(id)), within).toBe(true);
const fresh = ({ list }: Process, is: boolean) => expect.poll(list.isFresh, within).toBe(is);
const records = ({ redis }: Process) => redis.xlen('mcp-obo:v1:{revocations}:log');

describe.skipIf(!redisAvailable())('processes that share a list in Redis', () => {
  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(open.map(({ close }) => close()));
    open = [];
    await server.stop();
  });

  it(verifies('rs:revoked', 'tell each other what each has revoked'), async () => {
    const [one, other] = [await join(), await join()];
    await one.list.revoke([endOfToken('from one')]);
    await other.list.revoke([endOfToken('from other')]);
    await knows(other, 'from one');
    await knows(one, 'from other');
  });

  it(verifies('rs:revoked', 'tell a process that joins later, before its view counts as fresh'), async () => {
    const one = await join();
    const ids = Array.from({ length: 2500 }, (_, index) => `token ${index}`);
    await one.list.revoke(ids.map(endOfToken));
    const late = await join();
    expect(ids.filter((id) => !late.list.isRevoked(tokenOf(id)))).toEqual([]);
    expect(await records(one)).toBe(2501);
  });

  it(
    verifies('rs:revocation-view', 'notice that Redis does not answer, and catch up when it does'),
    async () => {
      const [one, other] = [await join(), await join()];
      await one.list.revoke([endOfToken('before')]);
      await knows(other, 'before');
      server.pause();
      await fresh(one, false);
      await fresh(other, false);
      expect(other.list.age()).toBeGreaterThan(1500);
      await expect(one.list.revoke([endOfToken('meanwhile')])).rejects.toThrow();
      expect(one.list.isRevoked(tokenOf('meanwhile'))).toBe(true);
      expect(other.list.isRevoked(tokenOf('before'))).toBe(true);
      server.resume();
      await fresh(other, true);
      await knows(other, 'meanwhile');
    },
  );

  it.each([
    ['is emptied', ({ redis }: Process) => redis.flushall()],
    ['loses the stream alone', ({ redis }: Process) => redis.del('mcp-obo:v1:{revocations}:log')],
    ['loses the mark alone', ({ redis }: Process) => redis.del('mcp-obo:v1:{revocations}:generation')],
  ])(
    verifies('rs:revocation-view', 'notice that Redis %s, and fill it before a newcomer counts as fresh'),
    async (_what, lose) => {
      const [one, other] = [await join(), await join()];
      await one.list.revoke([endOfToken('kept in memory')]);
      await knows(other, 'kept in memory');
      await lose(one);
      const late = await join();
      expect(late.list.isRevoked(tokenOf('kept in memory'))).toBe(true);
      expect(one.list.isRevoked(tokenOf('kept in memory'))).toBe(true);
    },
  );

  it(
    verifies(
      'rs:revocation-view',
      'do not trust a Redis that came back empty until it had time to be filled',
    ),
    async () => {
      const one = await join({ settleMs: 2000, maxAgeMs: 1000 });
      await one.redis.flushall();
      await fresh(one, false);
      await fresh(one, true);
    },
  );

  it(
    verifies('rs:revocation-view', 'fill a Redis that has lost its last entries, as after a failover'),
    async () => {
      const one = await join();
      await one.list.revoke([endOfToken('first')]);
      const backup = await one.redis.dump('mcp-obo:v1:{revocations}:log');
      await one.list.revoke([endOfToken('second')]);
      await one.redis.del('mcp-obo:v1:{revocations}:log');
      // One step, as the promotion of a replica is.
      await one.redis
        .multi()
        .set(
          'mcp-obo:v1:{revocations}:generation',
          (await one.redis.get('mcp-obo:v1:{revocations}:generation')) ?? '',
        )
        .del('mcp-obo:v1:{revocations}:log')
        .restore('mcp-obo:v1:{revocations}:log', 0, backup as unknown as Buffer)
        .exec();
      const late = await join();
      await knows(late, 'second');
      await knows(late, 'first');
    },
  );

  it(
    verifies('rs:revocation-view', 'do not take a Redis that takes no writes for the one that counts'),
    async () => {
      const one = await join();
      await one.redis.replicaof('127.0.0.1', '1');
      await fresh(one, false);
      await one.redis.replicaof('NO', 'ONE');
      await fresh(one, true);
    },
  );

  it('tell of a record that cannot be read, and go on', async () => {
    const errors: unknown[] = [];
    const one = await join({ onError: (error) => void errors.push(error) });
    await one.redis.xadd('mcp-obo:v1:{revocations}:log', '*', 'entry', '["key",1]');
    await one.redis.xadd('mcp-obo:v1:{revocations}:log', '*', 'other', '[]');
    await one.list.revoke([endOfToken('after it')]);
    await expect.poll(() => errors.length, within).toBeGreaterThan(0);
    expect(String(errors[0])).toMatch(/cannot be read/);
    await fresh(await join(), true);
  });

  it('drop from Redis what is older than any token', async () => {
    const one = await join({ keepMs: 1 });
    for (let round = 0; round < 3; round += 1) {
      await one.list.revoke(Array.from({ length: 200 }, (_, index) => endOfToken(`${round} ${index}`)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await records(one)).toBeLessThan(600);
  });
});
