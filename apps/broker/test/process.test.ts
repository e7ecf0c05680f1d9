import { createServer } from 'node:http';
import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { freePort, freePorts } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { accessTokenType, basic, tokenExchange } from './fixture.ts';
import { runBroker, slowPost, startTokenEndpoint } from './running-broker.ts';
import { brokerSettings, mcp } from './settings.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

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

/** A broker over an issuer and a token endpoint on loopback, and a right request for it. */
async function startedBroker() {
  const [port = 0, issuerPort = 0] = await freePorts(2);
  const issuer = createTestIssuer({ issuer: `http://127.0.0.1:${issuerPort}/acme`, alg: 'ES256' });
  const served = await issuer.serve();
  const endpoint = await startTokenEndpoint(async (form) =>
    JSON.stringify({
      access_token: await issuer.mint({
        aud: form.get('audience'),
        scope: form.get('scope'),
        client_id: mcp,
      }),
      token_type: 'Bearer',
      issued_token_type: accessTokenType,
      expires_in: 300,
    }),
  );
  toClose.push(endpoint.close, served.close);
  const settings = await brokerSettings(issuer.issuer, 'https://globex.example');
  const url = `http://127.0.0.1:${port}`;
  const broker = runBroker({
    ...settings,
    issuer: url,
    listen: { port },
    issuers: [
      { tenant: 'acme', issuer: issuer.issuer, token_endpoint: endpoint.url },
      { tenant: 'globex', issuer: 'https://globex.example' },
    ],
    network: { allow_loopback: true },
  });
  toClose.push(() => {
    broker.signal('SIGTERM');
    return broker.ended;
  });
  await broker.says('"msg":"listening"');
  const form = async () =>
    new URLSearchParams({
      grant_type: tokenExchange,
      subject_token: await issuer.mint({ aud: mcp }),
      subject_token_type: accessTokenType,
      audience: 'expenses-api',
    }).toString();
  const post = async () =>
    slowPost(`${url}/token`, await form(), basic('mcp-server', 'secret of mcp-server'));
  return { broker, url, endpoint, post };
}

describe('the process', () => {
  it(verifies('tb:health', 'loses no request when it is told to end'), async () => {
    const { broker, url, endpoint, post } = await startedBroker();
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
    const asked = endpoint.asked();
    const atTheIssuer = await post();
    atTheIssuer.finish();
    await asked;
    const halfSent = await post();
    // Its first bytes are in when a request behind them is answered.
    await fetch(`${url}/ready`);
    broker.signal('SIGTERM');
    await broker.says('"msg":"closing"');
    await expect.poll(() => fetch(`${url}/ready`).catch(() => 'refused')).toBe('refused');
    const askedAgain = endpoint.asked();
    halfSent.finish();
    await askedAgain;
    endpoint.answer();
    for (const { answer } of [atTheIssuer, halfSent])
      expect(await answer).toMatchObject({ status: 200, body: { scope: 'api:expenses.read' } });
    const { code, errors, output } = await broker.ended;
    expect([code, errors]).toEqual([0, '']);
    const records = output.split('\n').filter((line) => line.includes('"schema":"mcp-obo.audit/1"'));
    expect(records).toHaveLength(2);
  });

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
