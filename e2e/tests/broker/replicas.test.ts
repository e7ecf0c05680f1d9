import { type RedisServer, redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Broker, startBroker, tokenAnswer } from '../attacks/fixture/broker.ts';
import type { Answer } from '../attacks/fixture/http.ts';
import { sendJson, tokenResponse } from '../attacks/fixture/upstream.ts';

// Long enough for a thousand requests on a machine on which other tests run.
const network = { allow_loopback: true, timeout_seconds: 40, deadline_seconds: 45 };

let redis: RedisServer;
let replicas: readonly Broker[];

const upstream = () => first().upstream;
const first = () => replica(0);
const second = () => replica(1);
function replica(index: number): Broker {
  const broker = replicas[index];
  if (broker === undefined) throw new Error('The replicas are not started.');
  return broker;
}

const tokens = (answers: readonly Answer[]) =>
  new Set(answers.map((answer) => tokenAnswer(answer).access_token));
const statuses = (answers: readonly Answer[]) => new Set(answers.map(({ status }) => status));

/** The issuer answers each request when its gate is opened, in the order of the requests. */
function gated(): readonly PromiseWithResolvers<void>[] {
  const gates = Array.from({ length: 20 }, () => Promise.withResolvers<void>());
  let next = 0;
  upstream().behave(async (response, form) => {
    const number = next++;
    await gates[number]?.promise;
    sendJson(response, 200, tokenResponse(await upstream().exchange(form, { number }), form));
  });
  return gates;
}

/** Resolves when the issuer has been asked so many times since. */
const asked = (count: number, since: number) =>
  expect.poll(() => upstream().requests.length - since, { timeout: 15_000, interval: 10 }).toBe(count);

// A process that is starved for longer than Redis may take asks by itself, by design: such a test is tried again.
describe.skipIf(!redisAvailable())('two brokers on one Redis', { retry: 2 }, () => {
  beforeEach(async () => {
    redis = await startRedis();
    const config = { cache: { url: redis.url }, network };
    const broker = await startBroker({ config });
    replicas = [broker, await startBroker({ config, beside: broker })];
    // From here on each hears the other: a request to both is one call of the issuer.
    await expect
      .poll(
        async () => {
          const since = upstream().requests.length;
          const subject = await broker.subject();
          await Promise.all(replicas.map((one) => one.exchange(subject)));
          return upstream().requests.length - since;
        },
        { timeout: 15_000 },
      )
      .toBe(1);
  });
  afterEach(async () => {
    upstream().behave(undefined);
    await Promise.all(replicas.map(({ process }) => process.stop()));
    await first().close();
    await redis.stop();
  });

  it(
    verifies('tb:single-flight', 'make one call of the issuer for 1,000 identical cold requests'),
    async () => {
      const since = upstream().requests.length;
      const [gate] = gated();
      const subject = await first().subject();
      const answers = Array.from({ length: 1000 }, (_, index) => replica(index % 2).exchange(subject));
      await asked(1, since);
      setTimeout(() => gate?.resolve(), 300);
      const all = await Promise.all(answers);
      expect([...statuses(all)]).toEqual([200]);
      expect(tokens(all).size).toBe(1);
      expect(upstream().requests.length - since).toBe(1);
    },
  );

  it(verifies(['tb:single-flight', 'tb:negative'], 'ask once for 200 identical refusals'), async () => {
    const since = upstream().requests.length;
    upstream().behave((response) => sendJson(response, 400, { error: 'consent_required' }));
    const subject = await first().subject();
    const answers = Array.from({ length: 200 }, (_, index) => replica(index % 2).exchange(subject));
    for (const answer of await Promise.all(answers))
      expect(tokenAnswer(answer)).toMatchObject({ status: 400, error: 'consent_required' });
    expect(upstream().requests.length - since).toBe(1);
  });

  it(verifies('tb:single-flight', 'go on when the one that asks is killed'), async () => {
    const since = upstream().requests.length;
    const gates = gated();
    const subject = await first().subject();
    const lost = first().exchange(subject);
    lost.catch(() => undefined);
    await asked(1, since);
    const waiting = [second().exchange(subject), second().exchange(subject)];
    process.kill(first().process.pid, 'SIGKILL');
    await expect(lost).rejects.toThrow();
    await asked(2, since);
    gates[1]?.resolve();
    expect([...statuses(await Promise.all(waiting))]).toEqual([200]);
    gates[0]?.resolve();
  });

  it(
    verifies('tb:single-flight', 'keep the newer answer when the one that asked first was frozen meanwhile'),
    async () => {
      const since = upstream().requests.length;
      const gates = gated();
      const subject = await first().subject();
      const frozen = first().exchange(subject);
      await asked(1, since);
      process.kill(first().process.pid, 'SIGSTOP');
      const other = second().exchange(subject);
      await asked(2, since);
      gates[1]?.resolve();
      const newer = tokenAnswer(await other).access_token;
      gates[0]?.resolve();
      process.kill(first().process.pid, 'SIGCONT');
      const older = tokenAnswer(await frozen);
      expect(older.status).toBe(200);
      expect(older.access_token).not.toBe(newer);
      const after = await Promise.all(replicas.map((one) => one.exchange(subject)));
      expect(tokens(after)).toEqual(new Set([newer]));
      expect(upstream().requests.length - since).toBe(2);
    },
  );

  it.each([
    ['is killed', () => process.kill(redis.pid, 'SIGKILL')],
    ['is frozen', () => redis.pause()],
  ])(
    verifies('tb:single-flight', 'each ask by themselves when Redis %s while one waits for the other'),
    async (_how, harm) => {
      const since = upstream().requests.length;
      const gates = gated();
      const subject = await first().subject();
      const one = first().exchange(subject);
      await asked(1, since);
      const other = second().exchange(subject);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(upstream().requests.length - since).toBe(1);
      harm();
      await asked(2, since);
      for (const gate of gates) gate.resolve();
      expect([...statuses(await Promise.all([one, other]))]).toEqual([200]);
    },
  );

  it(verifies('tb:single-flight', 'answer 503 within the deadline when the issuer never does'), async () => {
    const config = { cache: { url: redis.url, prefix: 'deadline:' } };
    const short = { ...network, timeout_seconds: 2, deadline_seconds: 4 };
    const hasty = [
      await startBroker({ config: { ...config, network: short }, beside: first() }),
      await startBroker({ config: { ...config, network: short }, beside: first() }),
    ];
    upstream().behave(() => undefined);
    const subject = await first().subject();
    const started = performance.now();
    const answers = await Promise.all(hasty.map((one) => one.exchange(subject)));
    expect(performance.now() - started).toBeLessThan(4000 + 3000);
    expect([...statuses(answers)]).toEqual([503]);
    expect(answers.every(({ headers }) => Number(headers['retry-after']) > 0)).toBe(true);
    await Promise.all(hasty.map(({ close }) => close()));
  });
});
