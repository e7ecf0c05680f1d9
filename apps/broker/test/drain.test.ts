import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { freePorts } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { accessTokenType, basic, tokenExchange } from './fixture.ts';
import { runBroker, slowPost, startTokenEndpoint } from './running-broker.ts';
import { brokerSettings, mcp } from './settings.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

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
  const globex = 'https://globex.example';
  const url = `http://127.0.0.1:${port}`;
  const broker = runBroker({
    ...(await brokerSettings(issuer.issuer, globex)),
    issuer: url,
    listen: { port },
    issuers: [
      { tenant: 'acme', issuer: issuer.issuer, token_endpoint: endpoint.url },
      { tenant: 'globex', issuer: globex },
    ],
    network: { allow_loopback: true },
  });
  toClose.push(() => {
    broker.signal('SIGKILL');
    return broker.ended;
  });
  await broker.says('"msg":"listening"');
  const post = async () => {
    const form = new URLSearchParams({
      grant_type: tokenExchange,
      subject_token: await issuer.mint({ aud: mcp }),
      subject_token_type: accessTokenType,
      audience: 'expenses-api',
    });
    return slowPost(`${url}/token`, form.toString(), basic('mcp-server', 'secret of mcp-server'));
  };
  return { broker, url, endpoint, post };
}

describe('a broker that is told to end', { timeout: 20_000 }, () => {
  it(
    verifies('tb:health', 'answers what has begun, on connections that their clients would keep'),
    async () => {
      const { broker, url, endpoint, post } = await startedBroker();
      const asked = endpoint.asked();
      const atTheIssuer = await post();
      atTheIssuer.finish();
      await asked;
      const halfSent = await post();
      // Its first bytes are in when a request behind them is answered.
      await fetch(`${url}/ready`);
      broker.signal('SIGTERM');
      await broker.says('"msg":"closing"');
      await expect.poll(() => fetch(`${url}/health`).catch(() => 'refused')).toBe('refused');
      const askedAgain = endpoint.asked();
      halfSent.finish();
      await askedAgain;
      endpoint.answer();
      for (const { answer } of [atTheIssuer, halfSent])
        expect(await answer).toMatchObject({
          status: 200,
          connection: 'close',
          body: { scope: 'api:expenses.read' },
        });
      const { code, errors, output } = await broker.ended;
      expect([code, errors]).toEqual([0, '']);
      const records = output.split('\n').filter((line) => line.includes('"schema":"mcp-obo.audit/1"'));
      expect(records).toHaveLength(2);
    },
  );
});
