import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../test/servers.ts';
import { discoverAuthorizationServer } from './authorization-server.ts';
import { createGuardedFetch } from './guarded-fetch.ts';
import { authorizationServerMetadataUrls } from './issuer.ts';

type Answer = { status?: number; body?: unknown; text?: string };

const guarded = createGuardedFetch({ allowLoopbackHttp: true });
const open: TestServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** An authorization server that answers as the table says and 404 elsewhere. */
async function issuerWith(pages: (origin: string) => Record<string, Answer>): Promise<TestServer> {
  const server = await startServer((request, response) => {
    const page = pages(server.origin)[request.url ?? ''] ?? { status: 404, text: 'not here' };
    response.writeHead(page.status ?? 200, { 'content-type': 'application/json' });
    response.end(page.text ?? JSON.stringify(page.body));
  });
  open.push(server);
  return server;
}

describe('where metadata is looked for', () => {
  it.each([
    [
      'an issuer with a path',
      'https://idp.example/acme',
      [
        'https://idp.example/.well-known/oauth-authorization-server/acme',
        'https://idp.example/.well-known/openid-configuration/acme',
        'https://idp.example/acme/.well-known/openid-configuration',
      ],
    ],
    [
      'an issuer without a path',
      'https://idp.example',
      [
        'https://idp.example/.well-known/oauth-authorization-server',
        'https://idp.example/.well-known/openid-configuration',
      ],
    ],
    [
      'a trailing slash',
      'https://tenant.auth0.com/',
      [
        'https://tenant.auth0.com/.well-known/oauth-authorization-server',
        'https://tenant.auth0.com/.well-known/openid-configuration',
      ],
    ],
    [
      'a path with a trailing slash',
      'https://idp.example/a/b/',
      [
        'https://idp.example/.well-known/oauth-authorization-server/a/b',
        'https://idp.example/.well-known/openid-configuration/a/b',
        'https://idp.example/a/b/.well-known/openid-configuration',
      ],
    ],
  ])(verifies('md:discovery', 'in this order for %s'), (_name, issuer, urls) => {
    expect(authorizationServerMetadataUrls(issuer)).toEqual(urls);
  });
});

describe('discovery', () => {
  const places = [
    '/.well-known/oauth-authorization-server/acme',
    '/.well-known/openid-configuration/acme',
    '/acme/.well-known/openid-configuration',
  ];

  it.each(places.map((place, index) => [place, places.slice(0, index + 1)] as const))(
    verifies('md:discovery', 'finds the document at %s after asking in order'),
    async (place, asked) => {
      const server = await issuerWith((origin) => ({
        [place]: { body: { issuer: `${origin}/acme`, token_endpoint: `${origin}/token`, extra: 1 } },
      }));
      const metadata = await discoverAuthorizationServer(`${server.origin}/acme`, { fetch: guarded });
      expect(metadata).toEqual({
        issuer: `${server.origin}/acme`,
        token_endpoint: `${server.origin}/token`,
        extra: 1,
      });
      expect(server.requests).toEqual(asked.map((path) => `GET ${path}`));
    },
  );

  it.each([
    ['another issuer', (origin: string) => `${origin}/globex`],
    ['an added slash', (origin: string) => `${origin}/acme/`],
    ['another case', (origin: string) => `${origin}/Acme`],
  ])(verifies('md:discovery', 'refuses a document of %s'), async (_name, named) => {
    const server = await issuerWith((origin) => ({
      [places[0] ?? '']: { body: { issuer: named(origin), token_endpoint: `${origin}/token` } },
    }));
    await expect(
      discoverAuthorizationServer(`${server.origin}/acme`, { fetch: guarded }),
    ).rejects.toMatchObject({ code: 'bad_gateway', reason: 'issuer_mismatch' });
  });

  it.each<[string, Answer, string, string]>([
    ['no document', { status: 404, text: '' }, 'bad_gateway', 'no_metadata'],
    ['a web page', { text: '<!doctype html>' }, 'bad_gateway', 'no_metadata'],
    ['truncated JSON', { text: '{"issuer":"' }, 'bad_gateway', 'no_metadata'],
    ['a JSON array', { body: [] }, 'bad_gateway', 'invalid_metadata'],
    ['no issuer', { body: { token_endpoint: 'https://idp.example/t' } }, 'bad_gateway', 'invalid_metadata'],
    [
      'an endpoint on plain http',
      { body: { issuer: 'x', jwks_uri: 'http://idp.example/jwks' } },
      'bad_gateway',
      'invalid_metadata',
    ],
    [
      'an endpoint that is no URL',
      { body: { issuer: 'x', token_endpoint: 'javascript:alert(1)' } },
      'bad_gateway',
      'invalid_metadata',
    ],
    ['status 503', { status: 503, text: '' }, 'temporarily_unavailable', 'metadata_unavailable'],
  ])(verifies('md:discovery', 'refuses %s everywhere'), async (_name, answer, code, reason) => {
    const server = await issuerWith(() => Object.fromEntries(places.map((place) => [place, answer])));
    await expect(
      discoverAuthorizationServer(`${server.origin}/acme`, { fetch: guarded }),
    ).rejects.toMatchObject({ code, reason });
  });

  it('stops at once when the issuer cannot be reached', async () => {
    const server = await startServer(() => undefined);
    await server.close();
    await expect(discoverAuthorizationServer(server.origin, { fetch: guarded })).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'unreachable',
    });
  });

  it.each(['http://idp.example', 'https://idp.example?x=1', 'https://idp.example#x', 'idp.example', ''])(
    'refuses what is no issuer: %s',
    async (issuer) => {
      await expect(discoverAuthorizationServer(issuer, { fetch: guarded })).rejects.toThrow('issuer must be');
    },
  );

  it(verifies('md:ssrf', 'goes through the guard'), async () => {
    await expect(
      discoverAuthorizationServer('https://169.254.169.254', { fetch: createGuardedFetch() }),
    ).rejects.toMatchObject({ reason: 'blocked_address' });
  });
});
