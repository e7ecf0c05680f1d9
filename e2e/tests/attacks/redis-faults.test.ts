import { freePorts } from '@mcp-obo/testbed/ports';
import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { startSentinelRedis } from '@mcp-obo/testbed/redis-sentinel';
import { startTcpProxy, type TcpProxy } from '@mcp-obo/testbed/tcp-proxy';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, resources, startBroker } from './fixture/broker.ts';
import { assertionType, clientAssertion } from './fixture/client-assertion.ts';
import { type Answer, send } from './fixture/http.ts';

let server: RedisServer;
let proxy: TcpProxy;
let broker: Broker;
let admin: Redis;
const connectAdmin = () => new Redis(server.url).on('error', () => undefined);

const readiness = async ({ url }: Broker) => JSON.parse((await send(`${url}/ready`, { method: 'GET' })).body);
const ready = { status: 'ready', cache: 'redis' };
const degraded = { status: 'degraded', cache: 'unreachable' };
/** The cache is used again: the second of two equal requests costs the issuer nothing. */
const heals = () =>
  expect
    .poll(
      async () => {
        const subject = await broker.subject();
        await broker.exchange(subject);
        const before = broker.upstream.requests.length;
        await broker.exchange(subject);
        return broker.upstream.requests.length - before;
      },
      { timeout: 15_000 },
    )
    .toBe(0);
/** Exchanges go on, each by asking the issuer. */
async function goesOn(times = 5): Promise<void> {
  const subjects = await Promise.all(Array.from({ length: times }, () => broker.subject()));
  const answers = await Promise.all(subjects.map((subject) => broker.exchange(subject)));
  expect(answers.map(({ status }) => status)).toEqual(Array(times).fill(200));
}

// It is Redis that fails here: the issuer gets the time that a busy machine takes.
const network = { allow_loopback: true, timeout_seconds: 20, deadline_seconds: 30 };

describe('a Redis that is not there', () => {
  it('F01 at start: the broker starts, says it is degraded, exchanges, and accepts an assertion once', async () => {
    const [port] = await freePorts(1);
    const alone = await startBroker({ config: { cache: { url: `redis://127.0.0.1:${port}` } } });
    try {
      expect(await readiness(alone)).toEqual(degraded);
      expect((await send(`${alone.url}/health`, { method: 'GET' })).status).toBe(200);
      const subject = await alone.subject();
      expect((await alone.exchange(subject)).status).toBe(200);
      expect((await alone.exchange(subject)).status).toBe(200);
      expect(alone.upstream.requests).toHaveLength(2);
      const form = { client_assertion: clientAssertion(alone), client_assertion_type: assertionType };
      const signed = await alone.subject({ aud: resources.signer });
      expect((await alone.exchange(signed, form)).status).toBe(200);
      expect((await alone.exchange(signed, form)).status).toBe(401);
    } finally {
      await alone.close();
    }
  });
});

describe.skipIf(!redisAvailable())('a Redis with Sentinels', () => {
  it(
    verifies('tb:redis-down', 'F05 fails over under load: no request is lost, and it is shared again'),
    async () => {
      const sentinel = await startSentinelRedis();
      const nodes = sentinel.nodes.map(({ host, port }) => `${host}:${port}`);
      const cache = { sentinel: { name: sentinel.name, nodes }, memory_mib: 0, replicas: 0 };
      broker = await startBroker({ config: { cache, network } });
      try {
        await heals();
        const subjects = await Promise.all(Array.from({ length: 5 }, () => broker.subject()));
        const before = broker.upstream.requests.length;
        const master = await sentinel.master();
        await sentinel.servers.find(({ port }) => port === master)?.kill();
        const answers: Answer[] = [];
        while ((await sentinel.master()) === master)
          answers.push(...(await Promise.all(subjects.map((subject) => broker.exchange(subject)))));
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
        expect(broker.upstream.requests.length - before).toBeLessThanOrEqual(answers.length);
        await heals();
        expect(await sentinel.master()).not.toBe(master);
      } finally {
        await broker.close();
        await sentinel.stop();
      }
    },
  );
});

describe.skipIf(!redisAvailable())('a Redis that fails', () => {
  beforeAll(async () => {
    server = await startRedis();
    proxy = await startTcpProxy(server.port);
    // Each look goes to Redis.
    broker = await startBroker({
      config: { cache: { url: `redis://127.0.0.1:${proxy.port}`, memory_mib: 0 }, network },
    });
    admin = connectAdmin();
  });
  afterAll(async () => {
    admin.disconnect();
    await broker.close();
    await proxy.close();
    await server.stop();
  });
  afterEach(async () => {
    proxy.set('clear');
    await heals();
    expect(await readiness(broker)).toEqual(ready);
  });

  it('F02 frozen in mid-life: every look is given up, the queue stays short', async () => {
    server.pause();
    try {
      await goesOn(50);
      expect(await readiness(broker)).toEqual(degraded);
    } finally {
      server.resume();
    }
  });

  it('F03 500 ms late: the look is abandoned long before', async () => {
    const subject = await broker.subject();
    await broker.exchange(subject);
    proxy.set({ delay: 500 });
    const before = broker.upstream.requests.length;
    expect((await broker.exchange(subject)).status).toBe(200);
    expect(broker.upstream.requests.length - before).toBe(1);
  });

  it('F04 resets its connections with commands in flight', async () => {
    proxy.set({ delay: 50 });
    const running = goesOn(20);
    await expect.poll(() => broker.upstream.requests.length).toBeGreaterThan(0);
    proxy.reset();
    await running;
  });

  it.each([
    ['LOADING', '-LOADING Redis is loading the dataset in memory\r\n'],
    ['MOVED', '-MOVED 3999 127.0.0.1:6381\r\n'],
    ['BUSY', '-BUSY Redis is busy running a script.\r\n'],
    ['NOAUTH', '-NOAUTH Authentication required.\r\n'],
    ['nonsense', '?what\r\n'],
  ])('F04 answers %s', async (_case, reply) => {
    proxy.set({ reply });
    await goesOn();
  });

  it('F04 becomes a replica that may not be written (READONLY)', async () => {
    await admin.replicaof('127.0.0.1', '1');
    await goesOn();
    await admin.replicaof('NO', 'ONE');
  });

  it('F04 is out of memory (OOM)', async () => {
    await admin.config('SET', 'maxmemory', '1');
    await goesOn();
    await admin.config('SET', 'maxmemory', '0');
  });

  it('F04 is killed and started again, F06 empty, while requests run', async () => {
    const subject = await broker.subject();
    expect((await broker.exchange(subject)).status).toBe(200);
    const { port } = server;
    process.kill(server.pid, 'SIGKILL');
    await server.stop();
    await goesOn();
    expect(await readiness(broker)).toEqual(degraded);
    server = await startRedis({ port });
    admin.disconnect();
    admin = connectAdmin();
    await heals();
    const before = broker.upstream.requests.length;
    const answers = await Promise.all(Array.from({ length: 50 }, () => broker.exchange(subject)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(broker.upstream.requests.length - before).toBe(1);
  });
});
