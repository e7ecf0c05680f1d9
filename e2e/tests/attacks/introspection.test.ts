import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ResourceServer, startResourceServer } from './fixture/resource-server.ts';

let server: ResourceServer;
let answer: () => { readonly status: number; readonly body: string };
const asked: IncomingHttpHeaders[] = [];
const endpoint = createServer((request, response) => {
  asked.push(request.headers);
  request.resume().once('end', () => {
    const { status, body } = answer();
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
});

let tokens = 0;
const opaqueToken = () => server.remember(`opaque-${++tokens}.${'x'.repeat(64)}`);
/** What the endpoint says of a token that is good. */
const good = () => {
  const now = Math.floor(Date.now() / 1000);
  return {
    active: true,
    sub: 'alice',
    aud: server.resource,
    client_id: 'inspector',
    scope: 'mcp:tools:execute expenses:read',
    iat: now,
    exp: now + 300,
  };
};
const says = (claims: object, status = 200) => {
  answer = () => ({ status, body: JSON.stringify(claims) });
};

describe('a server whose issuer is asked about opaque tokens', () => {
  beforeAll(async () => {
    await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
    const { port } = endpoint.address() as AddressInfo;
    const introspection = {
      endpoint: `http://127.0.0.1:${port}/introspect`,
      client_id: 'mcp-server',
      client_secret: { value: 'secret-of-introspection' },
    };
    server = await startResourceServer({ issuers: [{ tenant: 'acme', settings: { introspection } }] });
  });
  afterAll(async () => {
    await server.close();
    endpoint.close();
    endpoint.closeAllConnections();
  });

  it(verifies('rs:introspection', 'serves who the issuer says is active'), async () => {
    says(good());
    expect((await server.call(opaqueToken(), 'whoami')).status).toBe(200);
    const credential = Buffer.from('mcp-server:secret-of-introspection').toString('base64');
    expect(asked.at(-1)?.authorization).toBe(`Basic ${credential}`);
  });

  it.each<readonly [string, () => object]>([
    ['I05 an answer without active', () => ({ ...good(), active: undefined })],
    ['I05 an answer with active as a string', () => ({ ...good(), active: 'true' })],
    ['I05 an answer with active as a list', () => ({ ...good(), active: [true] })],
    ['an answer for another audience', () => ({ ...good(), aud: 'https://other.example/mcp' })],
  ])(verifies('rs:introspection', '%s lets nobody in'), async (_case, claims) => {
    says(claims());
    const refused = await server.call(opaqueToken(), 'whoami');
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toMatch(/error="invalid_token"/);
  });

  it(
    verifies('rs:introspection', 'an issuer that does not know our credential is 503, never 401'),
    async () => {
      says({ error: 'invalid_client' }, 401);
      const refused = await server.call(opaqueToken(), 'whoami');
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
    },
  );

  it(verifies('op:redaction', 'no opaque token is written'), () => {
    expect(server.leaks()).toEqual([]);
  });
});
