import { createServer } from 'node:net';
import { freePorts } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startBroker, tokenAnswer } from './fixture/broker.ts';
import { type Behaviour, sendJson } from './fixture/upstream.ts';

const broker = await startBroker();
afterAll(broker.close);
const { upstream } = broker;
afterEach(() => upstream.behave(undefined));
const ask = async () => broker.exchange(await broker.subject());

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
  ])(verifies('tb:error-map', 'P04 %s: 503 within the deadline, asked once'), async (_case, behaviour) => {
    const before = upstream.requests.length;
    upstream.behave(behaviour);
    const answer = await ask();
    expect(tokenAnswer(answer)).toMatchObject(unreachable);
    expect(answer.headers['retry-after']).toBe('5');
    expect(upstream.requests.length - before).toBe(1);
  });

  it(
    verifies('tb:error-map', 'P04 takes the request and serves the next, when it is well again'),
    async () => {
      upstream.behave((response) => void response.destroy());
      const token = await broker.subject();
      expect((await broker.exchange(token)).status).toBe(503);
      upstream.behave(undefined);
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
    verifies('tb:error-map', 'P05 %i with Retry-After %s: 503 that passes it on'),
    async (status, retryAfter, told) => {
      upstream.behave((response) =>
        sendJson(
          response,
          status,
          { error: 'temporarily_unavailable' },
          retryAfter === undefined ? {} : { 'retry-after': retryAfter },
        ),
      );
      const answer = await ask();
      expect(tokenAnswer(answer)).toMatchObject({ status: 503, error: 'temporarily_unavailable' });
      expect(answer.headers['retry-after']).toBe(told);
    },
  );
});

it(verifies('op:redaction', 'P04 no part of any token or secret is in log or audit'), () => {
  expect(broker.leaks()).toEqual([]);
});
