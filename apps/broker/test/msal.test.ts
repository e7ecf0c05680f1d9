import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type Configuration, ConfidentialClientApplication, InteractionRequiredAuthError } from '@azure/msal-node';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { importPKCS8, SignJWT } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { claimsOf, refusal } from './fake-idp.ts';
import { createFixture, type Fixture } from './fixture.ts';
import { brokerSettings, mcp } from './settings.ts';

const trusted = getCACertificates('default');
const port = await freePort();
const broker = `https://127.0.0.1:${port}`;
const server = await generate([{ name: 'commonName', value: 'broker' }], {
  algorithm: 'sha256',
  extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
});
const client = await generate([{ name: 'commonName', value: 'certificate-server' }], { algorithm: 'sha256' });
const read = 'api://expenses/api:expenses.read';

let fixture: Fixture;
beforeAll(async () => {
  setDefaultCACertificates([...trusted, server.cert]);
  fixture = await createFixture({
    time: { now: Math.floor(Date.now() / 1000) },
    config: await settings(),
  });
  await fixture.app.listen({ port, host: '127.0.0.1' });
});
afterEach(() => fixture.acme.answerWith(undefined));
afterAll(async () => {
  setDefaultCACertificates(trusted);
  await fixture.app.close();
});

/** The broker on https, with two more clients on the certificate's key: one as MSAL wants it, one strict. */
async function settings(): Promise<Record<string, unknown>> {
  const base = await brokerSettings('https://idp.example/acme', 'https://idp.example/globex');
  const [first, ...others] = base.clients as readonly Record<string, unknown>[];
  const key = createPublicKey(client.public).export({ format: 'jwk' });
  const auth = { method: 'private_key_jwt', jwks: { keys: [key] } };
  return {
    issuer: broker,
    listen: { port, tls: { key: { value: server.private }, cert: { value: server.cert } } },
    clients: [
      { ...first, id: 'certificate-server', auth: { ...auth, max_lifetime: 600, allow_reuse: true } },
      { ...first, id: 'mcp-server', resource: 'https://mcp.example/other' },
      ...others,
    ],
  };
}
