import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Broker, startBroker, tokenAnswer } from './fixture/broker.ts';
import { claimsOf } from './fixture/upstream.ts';

let server: RedisServer;
let broker: Broker;
let redis: Redis;

/** How often the issuer was asked while this ran. */
async function asked(work: () => Promise<unknown>): Promise<number> {
  const before = broker.upstream.requests.length;
  await work();
  return broker.upstream.requests.length - before;
}
const entries = () => redis.keys('x:v1:e:*');
const tokenOf = async (subject: string, changes = {}) =>
  String(tokenAnswer(await broker.exchange(subject, changes)).access_token);

// A Redis that is starved for 100 ms on a busy machine is a miss by design: such a test is tried again.
describe.skipIf(!redisAvailable())('the cache in Redis', { retry: 2 }, () => {
  beforeAll(async () => {
    server = await startRedis();
    broker = await startBroker({ config: { cache: { url: server.url, prefix: 'x:', memory_mib: 0 } } });
    redis = new Redis(server.url);
  });
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    redis.disconnect();
    await broker.close();
    await server.stop();
  });

  it(
    verifies('tb:cache-key', 'K01 two users, 1,000 interleaved calls: nobody gets the token of the other'),
    async () => {
      const users = ['user-a', 'user-b'];
      const subjects = await Promise.all(users.map((sub) => broker.subject({ sub })));
      const wrong: string[] = [];
      const count = await asked(async () => {
        for (let round = 0; round < 50; round += 1) {
          await Promise.all(
            Array.from({ length: 20 }, async (_, index) => {
              const token = await tokenOf(subjects[index % 2] ?? '');
              if (claimsOf(token).sub !== users[index % 2]) wrong.push(token);
            }),
          );
        }
      });
      expect(wrong).toEqual([]);
      expect(count).toBe(2);
    },
  );

  it(verifies('tb:cache-key', 'K01 two tokens of one user have two entries'), async () => {
    expect(
      await asked(async () => {
        await tokenOf(await broker.subject());
        await tokenOf(await broker.subject());
      }),
    ).toBe(2);
  });

  it(verifies('tb:cache-key', 'K04 scopes in another order are the same request'), async () => {
    const subject = await broker.subject();
    const count = await asked(async () => {
      const [first, second] = [
        await tokenOf(subject, { scope: 'api:expenses.read api:expenses.write' }),
        await tokenOf(subject, { scope: 'api:expenses.write api:expenses.read' }),
      ];
      expect(first).toBe(second);
    });
    expect(count).toBe(1);
    expect(await entries()).toHaveLength(1);
  });

  it(verifies('tb:cache-key', 'K04 fewer scopes are another request'), async () => {
    const subject = await broker.subject();
    expect(
      await asked(async () => {
        await tokenOf(subject, { scope: 'api:expenses.read api:expenses.write' });
        expect(claimsOf(await tokenOf(subject)).scope).toBe('api:expenses.read');
      }),
    ).toBe(2);
  });

  it(verifies('tb:cache-key', 'K09 a claims challenge goes past the entry and replaces it'), async () => {
    const subject = await broker.subject();
    const old = await tokenOf(subject);
    const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: '1' } } });
    const fresh = await tokenOf(subject, { claims });
    expect(fresh).not.toBe(old);
    expect(await asked(async () => expect(await tokenOf(subject)).toBe(fresh))).toBe(0);
  });

  it(verifies('tb:cache-ttl', 'K06 an entry ends before the subject token does'), async () => {
    const exp = Math.floor(Date.now() / 1000) + 8;
    const subject = await broker.subject({ exp });
    const first = tokenAnswer(await broker.exchange(subject));
    expect(Number(first.expires_in)).toBeLessThanOrEqual(8);
    const [key = ''] = await entries();
    // A fifth of what remains is the margin.
    expect(Number(await redis.pexpiretime(key))).toBeLessThanOrEqual(exp * 1000 - 1000);
    expect(await asked(() => broker.exchange(subject))).toBe(0);
    await expect.poll(() => redis.exists(key), { timeout: 9000, interval: 50 }).toBe(0);
    const before = broker.upstream.requests.length;
    const last = tokenAnswer(await broker.exchange(subject));
    expect(last.status).toBe(200);
    expect(Number(last.expires_in)).toBeLessThanOrEqual(2);
    expect(broker.upstream.requests.length - before).toBe(1);
  });
  describe('an entry somebody tampered with in Redis', () => {
    const setAll = (change: (value: Buffer) => Buffer | string) => async () => {
      for (const key of await entries())
        await redis.set(key, change((await redis.getBuffer(key)) ?? Buffer.of()), 'KEEPTTL');
    };
    it.each<[string, () => Promise<unknown>]>([
      [
        'with a flipped bit',
        setAll((value) => {
          const changed = Buffer.from(value);
          changed.writeUInt8(changed.readUInt8(changed.length - 20) ^ 1, changed.length - 20);
          return changed;
        }),
      ],
      [
        'under a key that is gone',
        setAll((value) =>
          Buffer.concat([
            value.subarray(0, 2),
            Buffer.from('x'.repeat(value.readUInt8(1))),
            value.subarray(2 + value.readUInt8(1)),
          ]),
        ),
      ],
      ['that is empty', setAll(() => '')],
      ['that is cut off', setAll((value) => value.subarray(0, 30))],
      ['that is plain text', setAll(() => '{"token":{"accessToken":"evil"}}')],
      [
        'of another type',
        async () => {
          for (const key of await entries()) {
            await redis.del(key);
            await redis.rpush(key, 'x');
          }
        },
      ],
    ])(verifies('tb:cache-sealed', 'K05 %s: a miss, and the entry is made anew'), async (_case, tamper) => {
      const subject = await broker.subject();
      const first = await tokenOf(subject);
      await tamper();
      expect(
        await asked(async () => {
          const second = await tokenOf(subject);
          expect(second).not.toBe(first);
          expect(claimsOf(second)).toMatchObject({ sub: 'user-1', aud: 'api://expenses' });
        }),
      ).toBe(1);
      // A Redis that answers too late on a busy machine counts as a miss; what was made anew is found then.
      await expect.poll(() => asked(() => broker.exchange(subject)), { timeout: 5000 }).toBe(0);
    });

    it(
      verifies(
        'tb:cache-sealed',
        'K05 copied from the entry of another user: a miss, never the other’s token',
      ),
      async () => {
        const [mine, theirs] = [
          await broker.subject({ sub: 'user-a' }),
          await broker.subject({ sub: 'user-b' }),
        ];
        await tokenOf(theirs);
        const [source = ''] = await entries();
        await tokenOf(mine);
        const [own = ''] = (await entries()).filter((key) => key !== source);
        await redis.set(own, (await redis.getBuffer(source)) ?? '', 'KEEPTTL');
        expect(await asked(async () => expect(claimsOf(await tokenOf(mine)).sub).toBe('user-a'))).toBe(1);
      },
    );

    it(verifies('tb:cache-sealed', 'K05 an operator sees neither token nor user in Redis'), async () => {
      const token = await tokenOf(await broker.subject({ sub: 'alice@acme.example', sid: 'session-7' }));
      const keys = await redis.keys('*');
      const values = await Promise.all(keys.map((key) => redis.dump(key)));
      for (const secret of ['alice', 'session-7', ...token.split('.')]) {
        expect([...keys, ...values].some((text) => text?.includes(secret))).toBe(false);
      }
    });
  });

  it(verifies('op:redaction', 'K05 no part of any token or secret is in log or audit'), () => {
    expect(broker.leaks()).toEqual([]);
  });
});
