import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, expect, it } from 'vitest';
import { rawRequest, sendRaw } from './fixture/http.ts';
import { startResourceServer } from './fixture/resource-server.ts';

const server = await startResourceServer();
afterAll(server.close);
const document = {
  resource: server.resource,
  authorization_servers: [server.issuer.issuer],
  scopes_supported: ['mcp:tools:execute', 'expenses:read'],
  bearer_methods_supported: ['header'],
  resource_name: 'Expenses',
  dpop_bound_access_tokens_required: false,
  tls_client_certificate_bound_access_tokens: false,
};

it.each(['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-protected-resource'])(
  verifies(
    ['md:locations', 'md:resource', 'md:content'],
    'M01 %s names the resource as configured, byte for byte',
  ),
  async (path) => {
    const answer = await server.send({ method: 'GET' }, path);
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toEqual(document);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  },
);

it.each(['/mcp/', '/MCP', '/mcp/x', '/other', '/%6dcp/..', '//mcp'])(
  verifies('md:locations', 'M01 there is no document for the resource %s'),
  async (suffix) => {
    expect(
      (await server.send({ method: 'GET' }, `/.well-known/oauth-protected-resource${suffix}`)).status,
    ).toBe(404);
  },
);

it(verifies('md:resource', 'M01 whatever Host a client names, the document is the same'), async () => {
  const request = rawRequest('GET /.well-known/oauth-protected-resource/mcp HTTP/1.1', [
    'Host: evil.example',
    'X-Forwarded-Host: evil.example',
  ]);
  const answer = await sendRaw(server.port, request);
  expect(JSON.parse(answer.body)).toEqual(document);
});
