import { verifies } from '@mcp-obo/testbed/verifies';
import express from 'express';
import { fastify } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../test/servers.ts';
import { protectedResourceMetadata } from './document.ts';
import { metadataRoutes as expressRoutes } from './express.ts';
import { metadataRoutes as fastifyRoutes } from './fastify.ts';

const metadata = protectedResourceMetadata({
  resource: 'https://mcp.example.com/v1/mcp',
  authorizationServers: ['https://idp.example.com'],
  scopesSupported: ['mcp:tools:execute'],
});
const inserted = '/.well-known/oauth-protected-resource/v1/mcp';
const root = '/.well-known/oauth-protected-resource';

const open: TestServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

/** Each adapter inside an application that answers every other path with 200, as real ones may. */
const hosts = {
  fastify: async () => {
    const app = fastify();
    await app.register(fastifyRoutes, { metadata });
    app.all('/*', () => 'application');
    await app.ready();
    return startServer((request, response) => app.routing(request, response));
  },
  express: async () => {
    const app = express();
    app.use(expressRoutes({ metadata }));
    app.use((_request, response) => {
      response.send('application');
    });
    return startServer(app);
  },
} as const;

describe.each(Object.entries(hosts))('metadata routes on %s', (_name, start) => {
  async function origin(): Promise<string> {
    const server = await start();
    open.push(server);
    return server.origin;
  }

  it(verifies('md:locations', 'serve the same bytes at the path-inserted and the root URI'), async () => {
    const base = await origin();
    const bodies = [];
    for (const path of [inserted, root]) {
      const response = await fetch(base + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      bodies.push(await response.text());
    }
    expect(bodies[0]).toBe(JSON.stringify(metadata));
    expect(bodies[1]).toBe(bodies[0]);
  });

  it(verifies('md:locations', 'let caches keep and revalidate the document'), async () => {
    const base = await origin();
    const first = await fetch(base + inserted);
    expect(first.headers.get('cache-control')).toBe('public, max-age=3600');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    const again = await fetch(base + inserted, { headers: { 'if-none-match': `"other", W/${etag}` } });
    expect(again.status).toBe(304);
    expect(await again.text()).toBe('');
    expect((await fetch(base + inserted, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  it(verifies('md:locations', 'let a page of any origin read it, preflight included'), async () => {
    const base = await origin();
    const headers = { origin: 'https://inspector.example' };
    const read = await fetch(base + inserted, { headers });
    expect(read.headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await fetch(base + inserted, {
      method: 'OPTIONS',
      headers: {
        ...headers,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'mcp-protocol-version',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('GET');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('MCP-Protocol-Version');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it.each(['/v1', '/v1/mcp/', '/v1/mcp/x', '/v2/mcp', '/'])(
    verifies('md:resource', 'answer 404 for the metadata of another resource: %s (M01)'),
    async (suffix) => {
      const response = await fetch((await origin()) + root + suffix);
      expect(response.status).toBe(404);
      expect(await response.text()).toBe('');
    },
  );

  it(verifies('md:resource', 'say the same whatever Host and forwarding headers claim (R20)'), async () => {
    const base = await origin();
    const response = await fetch(base + inserted, {
      headers: {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        'x-forwarded-uri': '/public',
        'x-original-url': '/public',
        forwarded: 'host=evil.example',
      },
    });
    expect(await response.text()).toBe(JSON.stringify(metadata));
  });

  it('refuse to be written to', async () => {
    const response = await fetch((await origin()) + inserted, { method: 'POST', body: '{}' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  it('answer HEAD without a body and ignore a query', async () => {
    const base = await origin();
    const head = await fetch(`${base}${inserted}?cachebuster=1`, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('etag')).not.toBeNull();
  });

  it('leave every other path to the application', async () => {
    const base = await origin();
    for (const path of ['/', '/mcp', '/.well-known/oauth-protected-resourceful']) {
      expect(await (await fetch(base + path)).text()).toBe('application');
    }
  });
});
