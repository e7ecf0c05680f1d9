import { verifies } from '@mcp-obo/testbed/verifies';
import { afterEach, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../test/servers.ts';
import { createGuardedFetch } from './guarded-fetch.ts';
import { discoverProtectedResource } from './protected-resource.ts';

const guarded = createGuardedFetch({ allowLoopbackHttp: true });
const open: TestServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function resourceAt(path: string, resource: (origin: string) => string): Promise<TestServer> {
  const server = await startServer((request, response) => {
    if (request.url !== path) return response.writeHead(404).end();
    response.end(
      JSON.stringify({
        resource: resource(server.origin),
        authorization_servers: ['https://idp.example'],
      }),
    );
  });
  open.push(server);
  return server;
}

describe('discovery of a protected resource', () => {
  it.each([
    ['the path-inserted URI', '/.well-known/oauth-protected-resource/v1/mcp', 1],
    ['the root URI', '/.well-known/oauth-protected-resource', 2],
  ])(verifies('md:discovery', 'finds the document at %s'), async (_name, path, requests) => {
    const server = await resourceAt(path, (origin) => `${origin}/v1/mcp`);
    const found = await discoverProtectedResource(`${server.origin}/v1/mcp`, { fetch: guarded });
    expect(found.authorization_servers).toEqual(['https://idp.example']);
    expect(server.requests).toHaveLength(requests);
  });

  it('goes where the challenge points and nowhere else', async () => {
    const server = await resourceAt('/meta', (origin) => `${origin}/v1/mcp`);
    const resourceMetadata = `${server.origin}/meta`;
    await discoverProtectedResource(`${server.origin}/v1/mcp`, { fetch: guarded, resourceMetadata });
    expect(server.requests).toEqual(['GET /meta']);
    await expect(
      discoverProtectedResource(`${server.origin}/v1/mcp`, {
        fetch: guarded,
        resourceMetadata: `${server.origin}/gone`,
      }),
    ).rejects.toMatchObject({ reason: 'no_metadata' });
  });

  it.each([
    ['itself', '/v1/mcp', true],
    ['its origin', '/', true],
    ['a parent path', '/v1', true],
    ['a sibling', '/v1/other', false],
    ['a path that only begins alike', '/v1/m', false],
    ['a child', '/v1/mcp/x', false],
  ])(
    verifies('cl:resource', 'weighs a document that speaks of %s (RFC 9728 §3.3, §7.3)'),
    async (_name, path, good) => {
      const server = await resourceAt(
        '/.well-known/oauth-protected-resource/v1/mcp',
        (origin) => origin + path,
      );
      const discovery = discoverProtectedResource(`${server.origin}/v1/mcp`, { fetch: guarded });
      if (good) await expect(discovery).resolves.toMatchObject({ resource: server.origin + path });
      else await expect(discovery).rejects.toMatchObject({ reason: 'resource_mismatch' });
    },
  );

  it('refuses a document that speaks of another host', async () => {
    const server = await resourceAt(
      '/.well-known/oauth-protected-resource/v1/mcp',
      () => 'https://bank.example/v1/mcp',
    );
    await expect(
      discoverProtectedResource(`${server.origin}/v1/mcp`, { fetch: guarded }),
    ).rejects.toMatchObject({ code: 'bad_gateway', reason: 'resource_mismatch' });
  });

  it('refuses a document without authorization servers', async () => {
    const server = await startServer((_request, response) => response.end('{"resource":"x"}'));
    open.push(server);
    await expect(discoverProtectedResource(`${server.origin}/mcp`, { fetch: guarded })).rejects.toMatchObject(
      {
        reason: 'invalid_metadata',
      },
    );
  });
});
