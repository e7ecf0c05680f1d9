import { createServer } from 'node:net';
import { freePorts } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startBroker, tokenAnswer } from './fixture/broker.ts';
import { type Behaviour, sendJson, tokenResponse } from './fixture/upstream.ts';

const network = { allow_loopback: true, timeout_seconds: 1, deadline_seconds: 5 };

const broker = await startBroker({ config: { network: { ...network, rest_seconds: 1 } } });
afterAll(broker.close);
const { upstream } = broker;
afterEach(() => upstream.behave(undefined));

/** For a machine on which other tests run, milliseconds. */
const slack = 3000;

/** The breaker is closed, and so many answers are good that a few faults do not open it. */
async function well(): Promise<void> {
  const status = async () => (await broker.exchange(await broker.subject())).status;
  await expect.poll(status, { timeout: 15_000 }).toBe(200);
  await Promise.all(Array.from({ length: 20 }, status));
}

const unreachable = { status: 503, error: 'temporarily_unavailable' };

describe('an identity provider that does not answer', () => {
  it.each<[string, Behaviour]>([
    ['hangs after the request', () => undefined],
    [
      'hangs after the headers',
      (response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    ],
    ['closes without an answer', (response) => void response.destroy()],
    [
      'resets in the middle of the body',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
        response.write('{"access_token":"', () => response.socket?.resetAndDestroy());
      },
    ],
  ])(
    verifies(['tb:error-map', 'tb:retry'], 'P04 %s: asked three times, then 503 within the deadline'),
    async (_case, behaviour) => {
      await well();
      const before = upstream.requests.length;
      upstream.behave(behaviour);
      const token = await broker.subject();
      const started = performance.now();
      const answer = await broker.exchange(token);
      expect(tokenAnswer(answer)).toMatchObject(unreachable);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(upstream.requests.length - before).toBe(3);
      expect(performance.now() - started).toBeLessThan(5000 + slack);
    },
  );

  it(verifies('tb:retry', 'P04 fails once: the user notices nothing'), async () => {
    await well();
    const before = upstream.requests.length;
    upstream.behave((response, form) =>
      upstream.requests.length - before === 1
        ? void response.destroy()
        : upstream.exchange(form).then((token) => sendJson(response, 200, tokenResponse(token, form))),
    );
    expect((await broker.exchange(await broker.subject())).status).toBe(200);
    expect(upstream.requests.length - before).toBe(2);
  });

  it(
    verifies('tb:error-map', 'P04 takes the request and serves the next, when it is well again'),
    async () => {
      upstream.behave((response) => void response.destroy());
      const token = await broker.subject();
      expect((await broker.exchange(token)).status).toBe(503);
      upstream.behave(undefined);
      await well();
      expect((await broker.exchange(token)).status).toBe(200);
    },
  );

  it(verifies('tb:error-map', 'P04 has no address, no open port, or no certificate: 503'), async () => {
    const [closedPort] = await freePorts(1);
    const plain = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as { port: number };
    for (const endpoint of [
      'https://no-such-host.invalid/token',
      `http://127.0.0.1:${closedPort}/token`,
      `https://127.0.0.1:${port}/token`,
    ]) {
      const alone = await startBroker({ issuer: { token_endpoint: endpoint } });
      try {
        expect(tokenAnswer(await alone.exchange(await alone.subject()))).toMatchObject(unreachable);
      } finally {
        await alone.close();
      }
    }
    plain.close();
  });
});

describe('an identity provider that asks to wait', () => {
  it.each([
    [429, '17', '17'],
    [503, '9', '9'],
    [503, 'nonsense', '5'],
    [500, undefined, '5'],
  ])(
    verifies(
      ['tb:error-map', 'tb:retry'],
      'P05 %i with Retry-After %s: 503 that passes it on, and no call until then',
    ),
    async (status, retryAfter, told) => {
      const alone = await startBroker({ config: { network } });
      alone.upstream.behave((response) =>
        sendJson(
          response,
          status,
          { error: 'temporarily_unavailable' },
          retryAfter === undefined ? {} : { 'retry-after': retryAfter },
        ),
      );
      try {
        const answer = await alone.exchange(await alone.subject());
        expect(tokenAnswer(answer)).toMatchObject({ status: 503, error: 'temporarily_unavailable' });
        expect(answer.headers['retry-after']).toBe(told);
        if (!/^\d+$/.test(retryAfter ?? '')) return;
        const asked = alone.upstream.requests.length;
        const again = await alone.exchange(await alone.subject());
        expect(again.status).toBe(503);
        expect(Number(again.headers['retry-after'])).toBeLessThanOrEqual(Number(told));
        expect(alone.upstream.requests).toHaveLength(asked);
      } finally {
        await alone.close();
      }
    },
  );
});

describe('a herd', () => {
  it(
    verifies(
      'tb:retry',
      'P08 of distinct misses: so many at once at the issuer, a bounded queue, 503 for the rest',
    ),
    async () => {
      const alone = await startBroker({
        config: {
          network: { ...network, timeout_seconds: 20, deadline_seconds: 30, concurrency: 4, queue: 30 },
        },
      });
      try {
        let running = 0;
        let most = 0;
        alone.upstream.behave(async (response, form) => {
          most = Math.max(most, ++running);
          const token = await alone.upstream.exchange(form);
          await new Promise((resolve) => setTimeout(resolve, 100));
          running -= 1;
          sendJson(response, 200, tokenResponse(token, form));
        });
        const subjects = await Promise.all(Array.from({ length: 300 }, () => alone.subject()));
        const answers = await Promise.all(subjects.map((subject) => alone.exchange(subject)));
        const count = (status: number) => answers.filter((answer) => answer.status === status).length;
        expect(count(200) + count(503)).toBe(300);
        expect(count(200)).toBeGreaterThanOrEqual(34);
        expect(count(200)).toBe(alone.upstream.requests.length);
        expect(count(503)).toBeGreaterThan(0);
        expect(most).toBe(4);
        for (const { status, headers } of answers)
          if (status === 503) expect(headers['retry-after']).toBe('1');
        expect((await alone.exchange(await alone.subject())).status).toBe(200);
      } finally {
        await alone.close();
      }
    },
  );
});

it(verifies('op:redaction', 'P04 no part of any token or secret is in log or audit'), () => {
  expect(broker.leaks()).toEqual([]);
});
