import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { createBrokerClient, type TokenExchange, type UpstreamCredential } from '@mcp-obo/exchange';
import { verifies } from '@mcp-obo/testbed/verifies';
import { exportJWK, SignJWT } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, describe, expect, it } from 'vitest';
import { createFixture, type Fixture } from './fixture.ts';
import { broker, brokerSettings } from './settings.ts';

const validity = {
  keyType: 'ec',
  notBeforeDate: new Date(Date.now() - 60_000),
  // The broker of the fixture lives at a fixed time.
  notAfterDate: new Date('2036-01-01'),
} as const;
const authority = await certificateAuthority('Acme internal');
const stranger = await certificateAuthority('somebody else');
const server = await issued(authority, '127.0.0.1', [{ type: 7, ip: '127.0.0.1' }]);
const mcpServer = await issued(authority, 'mcp-server', [{ type: 2, value: 'mcp.internal' }]);
const edge = await issued(authority, 'edge', [{ type: 2, value: 'edge.internal' }]);
const forged = await issued(stranger, 'mcp-server', [{ type: 2, value: 'mcp.internal' }]);

async function certificateAuthority(name: string) {
  return await generate([{ name: 'commonName', value: name }], {
    ...validity,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
}

async function issued(by: typeof authority, name: string, altNames: object[]) {
  const made = await generate([{ name: 'commonName', value: name }], {
    ...validity,
    ca: { key: by.private, cert: by.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'subjectAltName', altNames: altNames as never[] },
    ],
  });
  return { cert: made.cert, key: made.private };
}

const cluster = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-token-'));
const tokenFile = join(folder, 'token');
const fixture = await startFixture();
const { port } = fixture.app.server.address() as AddressInfo;
const tokenEndpoint = `https://127.0.0.1:${port}/token`;
const exchanges: TokenExchange[] = [];
afterAll(async () => {
  await Promise.all(exchanges.map((exchange) => exchange.close()));
  await fixture.app.close();
  rmSync(folder, { recursive: true });
});

async function startFixture(): Promise<Fixture> {
  const settings = await brokerSettings('https://acme.example', 'https://globex.example');
  const clients = settings.clients as { id: string }[];
  const [first] = clients;
  const withAuth = (auth: object) => clients.map((one) => (one === first ? { ...first, auth } : one));
  void withAuth;
  return await createFixture({ config: { listen: listenSettings() } });
}

function listenSettings() {
  return {
    tls: {
      key: { value: server.key },
      cert: { value: server.cert },
      client_ca: { value: authority.cert },
      forwarded_certificate: { from: 'edge.internal' },
    },
  };
}
