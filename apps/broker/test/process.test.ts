import { createServer } from 'node:http';
import { freePort } from '@mcp-obo/testbed/ports';
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
});
