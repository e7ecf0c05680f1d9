import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, basic, resources, startBroker } from '../attacks/fixture/broker.ts';

const newKey = () => randomBytes(32).toString('base64');
const k1 = newKey();
const k2 = newKey();

let dir: string;
let redis: RedisServer;
let admin: Redis;
let base: Broker;
let broker: Broker;

const fileOf = (name: string) => join(dir, name);
const written = 'the changed configuration is in use';

/** Writes a secret and waits until the broker says what it made of it. */
async function change(name: string, text: string, says = written): Promise<string> {
  const since = broker.process.output().length;
  await writeFile(fileOf(name), text);
  return broker.process.line(says, since);
}

async function status(secret: string, subject?: string): Promise<number> {
  const headers = { authorization: basic('mcp-server', secret) };
  return (await broker.exchange(subject ?? (await broker.subject()), {}, headers)).status;
}

/** How often the issuer was asked for this exchange, and that it was answered. */
async function asked(subject: string, secret: string): Promise<number> {
  const before = broker.upstream.requests.length;
  expect(await status(secret, subject)).toBe(200);
  return broker.upstream.requests.length - before;
}

describe.skipIf(!redisAvailable())('the secrets of a broker that runs', () => {
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mcp-obo-secrets-'));
    redis = await startRedis();
    admin = new Redis(redis.url);
    base = await startBroker();
    for (const [name, text] of Object.entries({
      client: 'client-one',
      registration: 'registration-one',
      seal: k1,
    }))
      await writeFile(fileOf(name), text);
    const upstream = {
      issuer: base.issuer.issuer,
      client_id: resources['mcp-server'],
      method: 'client_secret_post',
      secret: { file: fileOf('registration') },
    };
    broker = await startBroker({
      beside: base,
      config: {
        clients: [
          {
            id: 'mcp-server',
            auth: { method: 'client_secret', secret: { file: fileOf('client') } },
            upstream: [upstream],
          },
        ],
        resources: [
          {
            uri: resources['mcp-server'],
            owner: 'mcp-server',
            tenants: ['acme'],
            targets: ['expenses-api'],
          },
        ],
        policy: {
          version: '1',
          rules: [
            {
              clients: ['mcp-server'],
              target: 'expenses-api',
              tenants: ['acme'],
              scopes: ['api:expenses.read'],
            },
          ],
        },
        cache: { url: redis.url, memory_mib: 0 },
        seal: { keys: { file: fileOf('seal') } },
        reload_seconds: 1,
      },
    });
  });
  afterAll(async () => {
    admin.disconnect();
    await broker.close();
    await base.close();
    await redis.stop();
    await rm(dir, { recursive: true });
  });

  it(
    verifies('op:secrets', 'are taken when a file changes: a client’s, and then its old one is refused'),
    async () => {
      expect([await status('client-one'), await status('client-two')]).toEqual([200, 401]);
      await change('client', 'client-two');
      expect([await status('client-one'), await status('client-two')]).toEqual([401, 200]);
    },
  );

  it(
    verifies('op:secrets', 'are taken when a file changes: that of a registration at the issuer'),
    async () => {
      await change('registration', 'registration-two');
      await status('client-two');
      expect(broker.upstream.requests.at(-1)?.get('client_secret')).toBe('registration-two');
    },
  );

  it(
    verifies(
      ['op:secrets', 'tb:cache-sealed'],
      'rotate: a new key seals, the old one opens, and without it is a miss',
    ),
    async () => {
      await admin.flushall();
      const subject = await broker.subject();
      expect([await asked(subject, 'client-two'), await asked(subject, 'client-two')]).toEqual([1, 0]);
      const [old = ''] = await admin.keys('mcp-obo:v1:e:*');
      const keyIdOf = async (key: string) => String((await admin.getBuffer(key))?.subarray(2, 14));
      const oldId = await keyIdOf(old);

      await change('seal', `${k2}\n${k1}\n`);
      expect(await asked(subject, 'client-two')).toBe(0);
      const other = await broker.subject();
      expect([await asked(other, 'client-two'), await asked(other, 'client-two')]).toEqual([1, 0]);
      const [fresh = ''] = (await admin.keys('mcp-obo:v1:e:*')).filter((key) => key !== old);
      expect(await keyIdOf(fresh)).not.toBe(oldId);

      await change('seal', k2);
      expect(await asked(other, 'client-two')).toBe(0);
      expect(await asked(subject, 'client-two')).toBe(1);
    },
  );

  it.each([
    ['is no key', 'seal', 'nonsense'],
    ['is empty', 'client', ''],
  ])(
    verifies('op:secrets', 'stay in use when a new file %s, which the log says'),
    async (_what, name, text) => {
      const subject = await broker.subject();
      expect(await asked(subject, 'client-two')).toBe(1);
      const line = await change(name, text, 'cannot be used; what was in use stays');
      expect(JSON.parse(line)).toMatchObject({ level: 'error' });
      expect(line).toContain(name === 'seal' ? 'seal.keys' : fileOf(name));
      expect(await asked(subject, 'client-two')).toBe(0);
      await change(name, name === 'seal' ? k2 : 'client-two');
      expect(await asked(subject, 'client-two')).toBe(0);
    },
  );

  it(verifies('op:redaction', 'are in no log line'), () => {
    for (const secret of [
      k1,
      k2,
      'client-one',
      'client-two',
      'registration-one',
      'registration-two',
      'nonsense',
    ])
      expect(broker.process.output()).not.toContain(secret);
  });
});
