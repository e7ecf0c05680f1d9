import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Recording, startRecording } from './recording.ts';
import { createSecretScan } from './scan.ts';

const token = `eyJhbGciOiJSUzI1NiJ9.${randomBytes(200).toString('base64url')}.${randomBytes(256).toString('base64url')}`;
const piece = token.slice(-40, -24);

/** Issues the token, and repeats a piece of it in a metric and in a refusal. */
const careless: Server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [status, type, body] = {
    '/token': [200, 'application/json', JSON.stringify({ access_token: token })],
    '/metrics': [200, 'text/plain', `mcp_auth_failure_total{reason="${piece}"} 1\n`],
  }[pathname] ?? [400, 'application/json', JSON.stringify({ error: `no ${piece}` })];
  response.writeHead(Number(status), { 'content-type': String(type), connection: 'close' }).end(body);
});

describe.skipIf(!redisAvailable() && process.env.CI !== 'true')('a recording of a run', () => {
  let recording: Recording;
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => careless.listen(0, '127.0.0.1', resolve));
    const { port } = careless.address() as AddressInfo;
    url = `http://127.0.0.1:${port}`;
    redis = await startRedis();
    recording = await startRecording({ metricsPorts: { broker: port }, redis: redis.url });
    await (await fetch(`${url}/token`, { method: 'POST' })).text();
  });
  afterAll(async () => {
    await recording?.close();
    await redis?.stop();
    careless.close();
  });
  const placesOf = async () => {
    const scan = createSecretScan(recording.secrets());
    return (await recording.sources()).flatMap(scan).map(({ place, kind }) => `${place}: ${kind}`);
  };

  it('knows the secrets that went over the wire', () => {
    expect(recording.secrets()).toEqual([{ kind: 'access token', value: token }]);
  });

  it(verifies('op:redaction', 'finds a piece of one in a metric'), async () => {
    expect(await placesOf()).toEqual(['metrics of broker: access token']);
  });

  it.each(['broker.log', 'broker.audit.jsonl'])(
    verifies('op:redaction', 'finds a piece of one in the file %s'),
    async (file) => {
      appendFileSync(join(recording.options.logDir ?? '', file), `{"msg":"listening"}\n{"msg":"${piece}"}\n`);
      expect(await placesOf()).toContain(`${file}: access token`);
    },
  );

  it(verifies('op:redaction', 'finds a piece of one in a span, in JSON and in protobuf'), async () => {
    const bodies = {
      'application/json': `{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"broker"}}]},"x":"${piece}"}`,
      'application/x-protobuf': `\n\x0cservice.name\x12\x0a\n\x08keycloak\x12\x05key\x12${piece}`,
    };
    for (const [type, body] of Object.entries(bodies))
      await fetch(`${recording.options.telemetryEndpoint}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: Buffer.from(body, 'latin1'),
      });
    const places = await placesOf();
    expect(places).toContain('OTLP export /v1/traces of broker: access token');
    expect(places).toContain('OTLP export /v1/traces of keycloak: access token');
  });

  it(verifies('op:redaction', 'finds a piece of one in what a caller is told'), async () => {
    await (await fetch(`${url}/exchange`)).text();
    expect(await placesOf()).toContain('answer 400 of GET /exchange: access token');
  });

  it.each([
    ['string', (client: Redis) => client.set('plain', piece)],
    ['string', (client: Redis) => client.set(`name-${piece}`, '1')],
    ['hash', (client: Redis) => client.hset('hash', { [piece]: '1' })],
    ['list', (client: Redis) => client.rpush('list', 'first', piece)],
    ['set', (client: Redis) => client.sadd('set', btoa(piece))],
    ['zset', (client: Redis) => client.zadd('zset', 1, piece)],
    ['stream', (client: Redis) => client.xadd('stream', '*', 'field', piece)],
  ])(verifies('op:redaction', 'finds a piece of one in a %s of Redis'), async (type, put) => {
    const client = new Redis(redis.url);
    await client.flushall();
    expect(await placesOf()).not.toContain(`Redis ${type}: access token`);
    await put(client);
    client.disconnect();
    expect(await placesOf()).toContain(`Redis ${type}: access token`);
  });
});
