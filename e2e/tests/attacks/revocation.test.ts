import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { startTcpProxy, type TcpProxy } from '@mcp-obo/testbed/tcp-proxy';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, basic, resources, startBroker, tokenAnswer } from './fixture/broker.ts';
import { type Answer, send } from './fixture/http.ts';
import { sendJson, tokenResponse } from './fixture/upstream.ts';

let server: RedisServer;
let proxies: readonly TcpProxy[];
let replicas: readonly Broker[];
let sessions = 0;

const broker = (index: number) => replicas[index] as Broker;
const proxy = (index: number) => proxies[index] as TcpProxy;
const settings = (port: number) => ({
  config: {
    cache: { url: `redis://127.0.0.1:${port}` },
    // It is Redis that fails here: the issuer gets the time that a busy machine takes.
    network: { allow_loopback: true, timeout_seconds: 20, deadline_seconds: 30 },
  },
});

/** A user's token of a session of its own. */
const subjectToken = () => broker(0).subject({ sid: `session ${++sessions}` });
/** Sends a form as the client `mcp-server`. */
const ask = ({ url }: Broker, form: Record<string, string>, path: string) =>
  send(`${url}${path}`, {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic('mcp-server'),
    },
    body: new URLSearchParams(form).toString(),
  });
const revoke = (at: Broker, form: Record<string, string>) => ask(at, form, '/revoke');
const word = (answer: Answer) => {
  const { status, error, suberror } = tokenAnswer(answer);
  return status === 200 ? 'issued' : `${status} ${error} ${suberror}`;
};
const refused = '400 invalid_request subject_refused';
const outcome = async (at: Broker, token: string) => word(await at.exchange(token));
/** Milliseconds until the broker refuses the token for good. */
async function refusedAfter(at: Broker, token: string): Promise<number> {
  const start = performance.now();
  await expect.poll(() => outcome(at, token), { timeout: 20_000, interval: 5 }).toBe(refused);
  return Math.round(performance.now() - start);
}

describe.skipIf(!redisAvailable())('revocation over two brokers and one Redis', () => {
  beforeAll(async () => {
    server = await startRedis();
    proxies = [await startTcpProxy(server.port), await startTcpProxy(server.port)];
    const first = await startBroker(settings(proxy(0).port));
    replicas = [first, await startBroker({ ...settings(proxy(1).port), beside: first })];
  });
  afterAll(async () => {
    await Promise.all(replicas.map(({ process }) => process.stop()));
    await broker(0).close();
    await Promise.all(proxies.map(({ close }) => close()));
    await server.stop();
  });

  it(
    verifies('tb:revocation', 'K10 a token that is revoked at one is refused by the other, cached or not'),
    async ({ annotate }) => {
      const [token, bystander] = [await subjectToken(), await subjectToken()];
      for (const at of replicas)
        expect([await outcome(at, token), await outcome(at, bystander)]).toEqual(['issued', 'issued']);
      expect((await revoke(broker(0), { token })).status).toBe(200);
      expect(await outcome(broker(0), token)).toBe(refused);
      await annotate(`refused by the other after ${await refusedAfter(broker(1), token)} ms`);
      for (const at of replicas) expect(await outcome(at, bystander)).toBe('issued');
    },
  );

  it(
    verifies('tb:revocation', 'K10 an exchange that was under way at the other is not answered'),
    async () => {
      const token = await subjectToken();
      const { upstream } = broker(0);
      const { promise: gate, resolve: open } = Promise.withResolvers<void>();
      const since = upstream.requests.length;
      upstream.behave(async (response, form) => {
        await gate;
        sendJson(response, 200, tokenResponse(await upstream.exchange(form), form));
      });
      const underWay = [outcome(broker(1), token), outcome(broker(1), token)];
      await expect.poll(() => upstream.requests.length - since, { timeout: 20_000 }).toBe(1);
      expect((await revoke(broker(0), { token })).status).toBe(200);
      // The other has heard of it: it refuses who comes now, without asking.
      await refusedAfter(broker(1), token);
      open();
      upstream.behave(undefined);
      expect(await Promise.all(underWay)).toEqual([refused, refused]);
    },
  );

  it(
    verifies(
      ['tb:revocation', 'rs:revocation-view'],
      'K10 a replica that is cut off serves nothing from memory, and what it missed is refused when it is back',
    ),
    async () => {
      const token = await subjectToken();
      const { upstream } = broker(0);
      expect(await outcome(broker(1), token)).toBe('issued');
      proxy(1).set('hole');
      expect((await revoke(broker(0), { token })).status).toBe(200);
      const askedAgain = async () => {
        const before = upstream.requests.length;
        await broker(1).exchange(token);
        return upstream.requests.length - before;
      };
      await expect.poll(askedAgain, { timeout: 20_000 }).toBe(1);
      expect([await askedAgain(), await askedAgain()]).toEqual([1, 1]);
      proxy(1).set('clear');
      proxy(1).reset();
      await refusedAfter(broker(1), token);
      expect(await askedAgain()).toBe(0);
    },
  );

  it(
    verifies('tb:revocation', 'a revocation that cannot be told is 503, holds at once, and is told later'),
    async () => {
      const token = await subjectToken();
      for (const at of replicas) expect(await outcome(at, token)).toBe('issued');
      proxy(0).set('hole');
      const answer = await revoke(broker(0), { token });
      expect([answer.status, tokenAnswer(answer).error]).toEqual([503, 'temporarily_unavailable']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(await outcome(broker(0), token)).toBe(refused);
      proxy(0).set('clear');
      proxy(0).reset();
      await refusedAfter(broker(1), token);
    },
  );

  it(
    verifies('rs:revocation-view', 'a Redis that is emptied is filled again, before a newcomer believes it'),
    async () => {
      const token = await subjectToken();
      expect((await revoke(broker(0), { token })).status).toBe(200);
      await refusedAfter(broker(1), token);
      const admin = new Redis(server.url);
      await admin.flushall();
      admin.disconnect();
      const late = await startBroker({ ...settings(server.port), beside: broker(0) });
      await refusedAfter(late, token);
      await late.close();
    },
  );

  it(
    verifies('tb:revocation', 'I03 a token that nobody knows is answered with 200 and nothing'),
    async () => {
      const unknown = await revoke(broker(0), { token: 'unknown' });
      expect([unknown.status, unknown.body]).toEqual([200, '']);
    },
  );

  it('I02 who does not prove to be a client is told nothing of a token', async () => {
    const { url } = broker(0);
    const token = await subjectToken();
    const answer = await send(`${url}/introspect`, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token }).toString(),
    });
    expect([answer.status, tokenAnswer(answer).error]).toEqual([401, 'invalid_client']);
    const known = await ask(broker(0), { token }, '/introspect');
    expect(JSON.parse(known.body)).toMatchObject({ active: true, aud: resources['mcp-server'] });
  });

  it(verifies('op:redaction', 'no broker wrote a token'), async () => {
    for (const { leaks } of replicas) expect(leaks()).toEqual([]);
  });
});
