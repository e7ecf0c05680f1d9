import type { AddressInfo } from 'node:net';
import { verifies } from '@mcp-obo/testbed/verifies';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { createFixture } from '../test/fixture.ts';
import { protectMcp } from './express.ts';
import { guardTool } from './index.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** An ordinary server on SDK 1.x: one server object for each request, tools wrapped by the guard. */
async function startServer() {
  const app = express();
  const listener = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/mcp`;
  const fixture = createFixture({
    resource: url,
    issuers: [{ tenant: 'acme', issuer: 'https://idp.example', profile: 'generic', audiences: [url] }],
  });
  app.use(express.json());
  app.use(protectMcp(fixture.guard));
  app.post('/mcp', async (request, response) => {
    const server = new McpServer({ name: 'test', version: '1' });
    for (const [name, answer] of [
      ['read', 'hello'],
      ['write', 'written'],
    ] as const) {
      const run = guardTool(fixture.guard, name, () => ({
        content: [{ type: 'text' as const, text: answer }],
      }));
      server.registerTool(name, {}, async (extra) => await run({}, extra));
    }
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  open.push(() => listener.close());
  const client = async (claims: Readonly<Record<string, unknown>> = {}) => {
    const token = await fixture.issuer.mint({ aud: url, ...claims });
    const mcp = new Client({ name: 'test', version: '1' });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await mcp.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
    open.push(() => void mcp.close());
    return mcp;
  };
  return { ...fixture, url, client };
}

describe('protectMcp for Express and SDK 1.x', () => {
  it(verifies('rs:both-eras', 'lets a client of SDK 1.x with a valid token call a tool'), async () => {
    const { client } = await startServer();
    const result = await (await client()).callTool({ name: 'read' });
    expect(result.content).toEqual([{ type: 'text', text: 'hello' }]);
  });

  it(verifies('rs:no-token', 'challenges a request without a token'), async () => {
    const { url } = await startServer();
    const response = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).not.toContain('error');
  });

  it(verifies('sc:challenge', 'answers a missing scope with 403'), async () => {
    const { client } = await startServer();
    const mcp = await client();
    await expect(mcp.callTool({ name: 'write' })).rejects.toThrow(
      /insufficient_scope|does not cover this tool/,
    );
  });

  it(verifies('md:locations', 'publishes the metadata'), async () => {
    const { url } = await startServer();
    const document = await fetch(new URL('/.well-known/oauth-protected-resource/mcp', url));
    expect(await document.json()).toMatchObject({ resource: url });
  });

  it(verifies('rs:origin', 'refuses a page of another origin'), async () => {
    const { url } = await startServer();
    const response = await fetch(url, { method: 'POST', headers: { origin: 'https://evil.example' } });
    expect(response.status).toBe(403);
  });
});
