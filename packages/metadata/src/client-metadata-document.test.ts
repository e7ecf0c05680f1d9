import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../test/servers.ts';
import { clientIdMetadataDocument, readClientIdMetadataDocument } from './client-metadata-document.ts';
import { createGuardedFetch } from './guarded-fetch.ts';

const guarded = createGuardedFetch({ allowLoopbackHttp: true });
const open: TestServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

const options = {
  clientId: 'https://client.example/oauth/client.json',
  clientName: 'Expenses client',
  redirectUris: ['http://127.0.0.1/callback', 'https://client.example/cb', 'com.example.app:/cb'],
};

describe('a client ID metadata document that we publish', () => {
  it(verifies('md:cimd', 'names its own URL, is public, and uses the code flow with refresh'), () => {
    expect(clientIdMetadataDocument(options)).toEqual({
      client_id: 'https://client.example/oauth/client.json',
      client_name: 'Expenses client',
      redirect_uris: ['http://127.0.0.1/callback', 'https://client.example/cb', 'com.example.app:/cb'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
  });

  it('authenticates with a key where it has one', () => {
    expect(clientIdMetadataDocument({ ...options, jwksUri: 'https://client.example/jwks' })).toMatchObject({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://client.example/jwks',
    });
  });

  it.each([
    ['no path', { clientId: 'https://client.example/' }],
    ['plain http', { clientId: 'http://client.example/c' }],
    ['a fragment', { clientId: 'https://client.example/c#x' }],
    ['user information', { clientId: 'https://u@client.example/c' }],
    ['dot segments', { clientId: 'https://client.example/a/../c' }],
    ['upper-case host', { clientId: 'https://Client.example/c' }],
    ['no name', { clientName: '' }],
    ['no redirect', { redirectUris: [] }],
    ['a redirect to plain http', { redirectUris: ['http://client.example/cb'] }],
    ['a redirect to script', { redirectUris: ['javascript:alert(1)'] }],
    ['a redirect with a fragment', { redirectUris: ['https://client.example/cb#x'] }],
  ])(verifies('md:cimd', 'cannot be built with %s'), (_name, wrong) => {
    expect(() => clientIdMetadataDocument({ ...options, ...wrong })).toThrow(TypeError);
  });
});

describe('a client ID metadata document that we read', () => {
  async function published(change: (document: Record<string, unknown>, origin: string) => unknown) {
    const server = await startServer((_request, response) => {
      const document = { ...clientIdMetadataDocument(options), client_id: `${server.origin}/client.json` };
      const body = change(document, server.origin);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    open.push(server);
    return readClientIdMetadataDocument(`${server.origin}/client.json`, { fetch: guarded });
  }

  it(verifies('md:cimd', 'is taken when it names the URL it came from'), async () => {
    await expect(published((document) => document)).resolves.toMatchObject({
      client_name: 'Expenses client',
    });
  });

  it.each<[string, (document: Record<string, unknown>, origin: string) => unknown]>([
    ['names another URL', (document, origin) => ({ ...document, client_id: `${origin}/other.json` })],
    ['holds a secret', (document) => ({ ...document, client_secret: 's' })],
    [
      'wants a shared secret',
      (document) => ({ ...document, token_endpoint_auth_method: 'client_secret_basic' }),
    ],
    ['has no redirects', ({ redirect_uris: _, ...document }) => document],
    ['has no name', ({ client_name: _, ...document }) => document],
    ['is no JSON', () => '<html>'],
    ['is null', () => 'null'],
  ])(verifies('md:cimd', 'is refused when it %s'), async (_name, change) => {
    await expect(published(change)).rejects.toMatchObject({
      code: 'invalid_client',
      reason: 'client_metadata',
    });
  });

  it(verifies('md:cimd', 'is refused when its URL redirects'), async () => {
    const target = await startServer((_request, response) => response.end('{}'));
    const server = await startServer((_request, response) => {
      response.writeHead(302, { location: target.origin }).end();
    });
    open.push(target, server);
    await expect(
      readClientIdMetadataDocument(`${server.origin}/c.json`, { fetch: guarded }),
    ).rejects.toMatchObject({ code: 'invalid_client' });
    expect(target.requests).toEqual([]);
  });

  it(verifies(['md:cimd', 'md:ssrf'], 'is not fetched from inside the network'), async () => {
    await expect(
      readClientIdMetadataDocument('https://10.0.0.1/c.json', { fetch: createGuardedFetch() }),
    ).rejects.toMatchObject({ reason: 'blocked_address' });
  });
});
