import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { redisCli } from '@mcp-obo/testbed/redis-cli';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, basic, startBroker } from '../attacks/fixture/broker.ts';
import { send } from '../attacks/fixture/http.ts';
import { readDocument } from '../docs/markdown.ts';

const [line = ''] = /^user broker on >SECRET .*$/m.exec(readDocument('docs/configuration.md')) ?? [];
const password = 'secret-of-the-broker';

describe.skipIf(!redisAvailable() && process.env.CI !== 'true')('the user of docs/configuration.md', () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  const replicas: Broker[] = [];
  const admin = (...command: string[]) =>
    redisCli(redis.port, ['--user', 'admin', '-a', 'admin', '--no-auth-warning', ...command]);

  beforeAll(async () => {
    const users = ['user default off', 'user admin on >admin ~* &* +@all', line.replace('SECRET', password)];
    redis = await startRedis({ users });
    const config = { cache: { url: redis.url, username: 'broker', password: { value: password } } };
    const first = await startBroker({ config });
    replicas.push(first, await startBroker({ config, beside: first }));
  });
  afterAll(async () => {
    for (const broker of replicas.reverse()) await broker.close();
    await redis.stop();
  });

  it(verifies('tb:redis-down', 'may all that brokers do, and nothing that they do not'), async () => {
    const [first, second] = replicas as [Broker, Broker];
    const asked = async (subject: string) => {
      const before = first.upstream.requests.length;
      for (const broker of [first, second]) expect((await broker.exchange(subject)).status).toBe(200);
      return first.upstream.requests.length - before;
    };
    await expect.poll(async () => asked(await first.subject()), { timeout: 20_000 }).toBe(1);
    const subject = await first.subject();
    expect((await first.exchange(subject)).status).toBe(200);
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic('mcp-server'),
    };
    const revoked = await send(`${second.url}/revoke`, {
      headers,
      body: new URLSearchParams({ token: subject }).toString(),
    });
    expect(revoked.status).toBe(200);
    await expect.poll(async () => (await first.exchange(subject)).status, { timeout: 5000 }).toBe(400);
    expect((await admin('ACL', 'LOG')).trim()).toBe('');
    for (const command of [
      ['KEYS', '*'],
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
      ['GET', 'other'],
      ['SCAN', '0'],
    ])
      await expect(
        redisCli(redis.port, ['--user', 'broker', '-a', password, '--no-auth-warning', '-e', ...command]),
      ).rejects.toThrow('NOPERM');
  });
});
