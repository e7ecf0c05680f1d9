import { createTestIssuer } from '@mcp-obo/testbed/issuer';
import { freePorts } from '@mcp-obo/testbed/ports';
import { onTestFinished } from 'vitest';
import { accessTokenType, basic, tokenExchange } from './fixture.ts';
import { runBroker, slowPost, startTokenEndpoint } from './running-broker.ts';
import { brokerSettings, mcp } from './settings.ts';

/** A broker over an issuer and a token endpoint on loopback, and a right request for it. */
export async function startedBroker(settings: object = {}) {
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
  onTestFinished(served.close);
  onTestFinished(endpoint.close);
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
    ...settings,
  });
  onTestFinished(async () => {
    broker.signal('SIGKILL');
    await broker.ended;
  });
  await broker.says('"msg":"listening"');
  const post = async (headers: Readonly<Record<string, string>> = {}) => {
    const form = new URLSearchParams({
      grant_type: tokenExchange,
      subject_token: await issuer.mint({ aud: mcp }),
      subject_token_type: accessTokenType,
      audience: 'expenses-api',
    });
    return slowPost(`${url}/token`, form.toString(), basic('mcp-server', 'secret of mcp-server'), headers);
  };
  return { broker, url, endpoint, post };
}
