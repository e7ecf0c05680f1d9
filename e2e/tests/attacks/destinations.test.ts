import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { callerOf, loginChallenge, refusalOf } from './fixture/answers.ts';
import { rawRequest, sendRaw } from './fixture/http.ts';
import { jsonHeaders, startResourceServer } from './fixture/resource-server.ts';

const server = await startResourceServer();
afterAll(server.close);

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'whoami', arguments: {} },
});
const fixedHeaders = [
  `Host: 127.0.0.1:${server.port}`,
  ...Object.entries(jsonHeaders).map(([name, value]) => `${name}: ${value}`),
  `Content-Length: ${body.length}`,
];
const raw = (headers: readonly string[], path = '/mcp') =>
  sendRaw(server.port, rawRequest(`POST ${path} HTTP/1.1`, [...fixedHeaders, ...headers], body));

describe('a request that lies about where it goes', () => {
  it.each([
    'evil.example',
    `evil.example:${server.port}`,
    '127.0.0.1',
    `127.0.0.1:${server.port}.evil.example`,
    'localhost',
  ])(verifies('rs:origin', 'R11 Host: %s, with a valid token: no tool is executed'), async (host) => {
    const since = server.process.output().length;
    const headers = { host, authorization: `Bearer ${await server.issuer.mint()}` };
    expect((await server.send({ body, headers })).status).toBe(403);
    await server.process.line('"msg":"request"', since);
    expect(server.process.output().slice(since)).not.toContain('tool_call');
  });

  it.each(['http://evil.example', 'null', `http://127.0.0.1:${server.port}.evil.example`])(
    verifies('rs:origin', 'R11 Origin: %s'),
    async (origin) => {
      const headers = { origin, authorization: `Bearer ${await server.issuer.mint()}` };
      const answer = await server.send({ body, headers });
      expect(answer.status).toBe(403);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it.each([
    ['//mcp', 404],
    ['/mcp/', 404],
    ['/mcp;x', 404],
    ['/%6dcp', 401],
    ['/MCP', 404],
    ['/mcp%2f', 404],
    ['/mcp%00', 404],
    ['/./mcp', 404],
    ['/health/../mcp', 404],
    ['/mcp?', 401],
    ['/mcp#x', 401],
    ['http://evil.example/mcp', 403],
  ] as const)('R19 path %s without a token: %i', async (path, status) => {
    expect((await raw([], path)).status).toBe(status);
  });

  it(verifies(['rs:origin', 'md:resource'], 'R20 X-Forwarded-* of a client change nothing'), async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      'x-forwarded-uri': '/health',
      'x-forwarded-prefix': '/evil',
      'x-original-url': '/health',
      'x-rewrite-url': '/health',
      forwarded: 'host=evil.example;proto=https',
    };
    expect(refusalOf(await server.send({ body, headers }))).toEqual({
      status: 401,
      challenge: loginChallenge(server),
    });
    const { body: document } = await server.send(
      { method: 'GET', headers },
      '/.well-known/oauth-protected-resource/mcp',
    );
    expect(JSON.parse(document).resource).toBe(server.resource);
  });

  it(verifies('rs:identity', 'R20 nor do headers that name a user'), async () => {
    const headers = {
      authorization: `Bearer ${await server.issuer.mint()}`,
      'x-forwarded-user': 'root',
      'x-user': 'root',
      'mcp-session-id': 'of-root',
    };
    expect(callerOf(await server.send({ body, headers })).subject).toBe('user-1');
  });
});

it(verifies('op:redaction', 'R11 no part of any token of these requests is in log or audit'), () => {
  expect(server.leaks()).toEqual([]);
});
