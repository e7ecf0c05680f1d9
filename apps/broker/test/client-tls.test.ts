import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBrokerClient, type TokenExchange, type UpstreamCredential } from '@mcp-obo/exchange';
import { OAuthError } from '@mcp-obo/oauth-error';
import { verifies } from '@mcp-obo/testbed/verifies';
import { exportJWK, SignJWT } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, describe, expect, it } from 'vitest';
import { createFixture, noon } from './fixture.ts';
import { broker, brokerSettings, reports } from './settings.ts';

const validity = {
  keyType: 'ec',
  algorithm: 'sha256',
  // From before the fixed time at which the broker of the fixture lives until long after today.
  notBeforeDate: new Date((noon - 86_400) * 1_000),
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
const settings = await brokerSettings('https://idp.example/acme', 'https://idp.example/globex');
const fixture = await createFixture({
  config: {
    listen: {
      tls: {
        key: { value: server.key },
        cert: { value: server.cert },
        client_ca: { value: authority.cert },
        forwarded_certificate: { from: 'edge.internal' },
      },
    },
    clients: [
      // The same registrations, proved by the platform and not by secrets.
      ...named('mcp-server', { method: 'tls_client_auth', san_dns: 'mcp.internal' }),
      ...named('reports-server', {
        method: 'kubernetes',
        issuer: 'https://cluster.example',
        jwks: { keys: [await exportJWK(cluster.publicKey)] },
        namespace: 'reports',
        service_account: 'server',
      }),
      ...named('keys-server', undefined),
    ],
  },
});
await fixture.app.listen({ host: '127.0.0.1', port: 0 });
const { port } = fixture.app.server.address() as AddressInfo;
const tokenEndpoint = `https://127.0.0.1:${port}/token`;
const opened: TokenExchange[] = [];
afterAll(async () => {
  await Promise.all(opened.map((exchange) => exchange.close()));
  await fixture.app.close();
  rmSync(folder, { recursive: true });
});

function named(id: string, auth: object | undefined): readonly object[] {
  const clients = settings.clients as readonly { readonly id: string }[];
  return clients.filter((one) => one.id === id).map((one) => (auth === undefined ? one : { ...one, auth }));
}

/** What a tool of the MCP server does, over a connection that shows this certificate. */
async function exchange(credential: UpstreamCredential, shown: object = {}, claims: object = {}) {
  const client = createBrokerClient({
    tokenEndpoint,
    issuer: broker,
    credential,
    network: {
      tls: { ca: authority.cert, ...shown },
      allowLoopbackHttp: true,
      allowHosts: [`127.0.0.1:${port}`],
    },
  });
  opened.push(client);
  const request = { target: 'expenses-api', scopes: ['api:expenses.read'] };
  return await client.onBehalfOf({ ...request, subjectToken: await fixture.subject({ ...claims }) }).then(
    ({ scopes }) => scopes.join(' '),
    (error: unknown) => (error instanceof OAuthError ? error.reason : String(error)),
  );
}

/** The reasons of the last refusal of a client, from the audit. */
const lastReason = () =>
  JSON.parse(fixture.audit.findLast((line) => line.includes('"authentication"')) ?? '{}').reason;

const byCertificate = { kind: 'tls_client_auth', clientId: 'mcp-server' } as const;

describe('a certificate in the handshake with the broker itself', () => {
  it(verifies('tb:client-auth', 'proves the client it was issued to'), async () => {
    expect(await exchange(byCertificate, mcpServer)).toBe('api:expenses.read');
  });

  it.each([
    ['of another name', edge, 'no_client_credential'],
    ['of another authority', forged, 'certificate_untrusted'],
    ['that is missing', {}, 'no_client_credential'],
  ])(verifies('tb:client-auth', 'proves nothing %s'), async (_case, shown, reason) => {
    expect(await exchange(byCertificate, shown)).toBe('upstream_credential');
    expect(lastReason()).toBe(reason);
  });
});

/** A client-credentials request with a header that names a certificate. */
function forwarded(
  shown: { cert?: string; key?: string },
  header: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: '/token',
      method: 'POST',
      agent: false,
      ca: authority.cert,
      ...shown,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'client-cert': header },
    } as const;
    const outgoing = request(options, async (response) => {
      const body = await new Response(response as unknown as ReadableStream).text();
      resolve({ status: response.statusCode ?? 0, body });
    });
    outgoing.once('error', reject);
    const form = { grant_type: 'client_credentials', client_id: 'mcp-server', audience: 'expenses-api' };
    outgoing.end(new URLSearchParams({ ...form, scope: 'api:expenses.totals' }).toString());
  });
}

const der = (pem: string) => `:${pem.replace(/-----[^-]+-----|\s/g, '')}:`;
const escaped = (pem: string) => encodeURIComponent(pem);

describe('a certificate that an edge names in a header (RFC 9440)', () => {
  it.each([
    ['as RFC 9440 has it', der(mcpServer.cert)],
    ['as nginx escapes it', escaped(mcpServer.cert)],
  ])(
    verifies('tb:client-auth', 'proves its client when the connection is the edge’s: %s'),
    async (_case, header) => {
      expect(await forwarded(edge, header)).toMatchObject({ status: 200 });
    },
  );

  it.each([
    ['comes over a connection without a certificate', {}, der(mcpServer.cert)],
    ['comes over a connection of somebody else', forged, der(mcpServer.cert)],
    ['is of another authority', edge, der(forged.cert)],
    ['is of another client', edge, der(edge.cert)],
    ['is empty', edge, ''],
    ['is no certificate', edge, ':AAAA:'],
    ['is two', edge, `${der(mcpServer.cert)}, ${der(mcpServer.cert)}`],
  ])(verifies('tb:client-auth', 'proves nothing when it %s'), async (_case, shown, header) => {
    const { status, body } = await forwarded(shown, header);
    expect([status, JSON.parse(body).error]).toEqual([401, 'invalid_client']);
  });
});

describe('a token file of the platform', () => {
  it(verifies('tb:client-auth', 'is read for each use, so that its rotation is taken over'), async () => {
    const token = (sub: string) =>
      new SignJWT({ 'kubernetes.io': { namespace: 'reports', serviceaccount: { name: 'server' } } })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer('https://cluster.example')
        .setSubject(sub)
        .setAudience([broker])
        .setExpirationTime(noon + 600)
        .sign(cluster.privateKey);
    const client = { kind: 'federated', clientId: 'reports-server' } as const;
    const assertion = async () => (await readFile(tokenFile, 'utf8')).trim();
    const claims = { aud: reports };
    writeFileSync(tokenFile, await token('system:serviceaccount:reports:other'));
    expect(await exchange({ ...client, assertion }, {}, claims)).toBe('upstream_credential');
    writeFileSync(tokenFile, `${await token('system:serviceaccount:reports:server')}\n`);
    expect(await exchange({ ...client, assertion }, {}, claims)).toBe('api:expenses.read');
  });
});
