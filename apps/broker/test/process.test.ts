import { createServer } from 'node:http';
import { freePort } from '@mcp-obo/testbed/ports';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { runBroker } from './running-broker.ts';
import { brokerSettings } from './settings.ts';

/** Variables with which one MCP server needs no file. */
const variables = {
  BROKER_URL: 'https://broker.example',
  OAUTH_ISSUER: 'https://idp.example',
  OAUTH_AUDIENCE: 'https://mcp.example/mcp',
  BROKER_CLIENT_SECRET: 'secret of the caller',
  OBO_CLIENT_ID: 'registration',
  OBO_CLIENT_SECRET: 'secret of the registration',
  OBO_TARGET_AUDIENCE: 'api://expenses',
  OBO_TARGET_SCOPES: 'api:expenses.read',
};

describe('the process', { timeout: 60_000 }, () => {
  it(verifies('op:config', 'starts with variables alone, and ends by Ctrl-C'), async () => {
    const port = await freePort();
    const broker = runBroker(undefined, { ...variables, BROKER_PORT: String(port) });
    await broker.says('"msg":"listening"');
    expect((await fetch(`http://127.0.0.1:${port}/ready`)).status).toBe(200);
    broker.signal('SIGINT');
    const { code, errors, output } = await broker.ended;
    expect([code, errors]).toEqual([0, '']);
    for (const line of output.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
    expect(output).not.toContain('secret of');
  });

  it(verifies('op:config', 'names every bad setting in one message and exits with 2'), async () => {
    const { code, errors, output } = await runBroker({
      ...(await brokerSettings('https://idp.example/acme', 'nonsense')),
      listen: { port: 'x' },
      cache: { url: 'http://redis' },
      polcy: {},
    }).ended;
    expect([code, output]).toEqual([2, '']);
    for (const setting of ['listen.port (BROKER_PORT)', 'cache.url (REDIS_URL)', 'polcy'])
      expect(errors).toContain(setting);
    expect(errors).not.toMatch(/secret of|^ +at /m);
  });

  it('says in a sentence that its port is in use, and exits with 1', async () => {
    const port = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
    const { code, errors } = await runBroker(undefined, { ...variables, BROKER_PORT: String(port) }).ended;
    other.close();
    expect(code).toBe(1);
    expect(errors).toMatch(new RegExp(`^broker cannot start: Port ${port} on 127.0.0.1 is in use\\..*\\n$`));
  });

  it.skipIf(!redisAvailable())('refuses a Redis that evicts entries, and says what to set', async () => {
    const redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const seal = Buffer.alloc(32, 5).toString('base64');
    const more = { REDIS_URL: redis.url, SEAL_KEYS: seal, BROKER_PORT: String(await freePort()) };
    const { code, errors } = await runBroker(undefined, { ...variables, ...more }).ended;
    await redis.stop();
    expect([code, errors]).toEqual([
      1,
      'broker cannot start: The Redis of cache evicts entries when it is full (maxmemory-policy allkeys-lru). ' +
        'Set it to noeviction.\n',
    ]);
  });

  it.skipIf(!redisAvailable())('refuses a Redis that does not let it in, and says what to set', async () => {
    const redis = await startRedis({ args: ['--requirepass', 'secret'] });
    const { code, errors } = await runBroker(undefined, {
      ...variables,
      REDIS_URL: redis.url,
      REDIS_PASSWORD: 'another',
      SEAL_KEYS: Buffer.alloc(32, 5).toString('base64'),
    }).ended;
    await redis.stop();
    expect([code, errors]).toEqual([
      1,
      'broker cannot start: The Redis of cache refuses its user (WRONGPASS). ' +
        'Set cache.username and cache.password to one that it knows.\n',
    ]);
  });

  it.skipIf(!redisAvailable())('raises an alarm when the Redis it finds later evicts entries', async () => {
    const port = await freePort();
    const seal = Buffer.alloc(32, 5).toString('base64');
    const more = {
      REDIS_URL: `redis://127.0.0.1:${port}`,
      SEAL_KEYS: seal,
      BROKER_PORT: String(await freePort()),
    };
    const broker = runBroker(undefined, { ...variables, ...more });
    await broker.says('"msg":"listening"');
    const redis = await startRedis({ port, args: ['--maxmemory-policy', 'volatile-ttl'] });
    await broker.says('maxmemory-policy volatile-ttl');
    broker.signal('SIGTERM');
    const { code, output } = await broker.ended;
    await redis.stop();
    expect(code).toBe(0);
    expect(output.split('\n').find((line) => line.includes('volatile-ttl'))).toContain('"alarm":true');
  });
});
