import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import Fastify from 'fastify';
import { protectMcp } from '../src/fastify.ts';
import type { McpGuardOptions } from '../src/index.ts';
import { createFixture } from './fixture.ts';

const open: { close: () => Promise<unknown> }[] = [];

/** For `afterEach`: ends the servers of the test. */
export async function closeServers(): Promise<void> {
  await Promise.all(open.splice(0).map((app) => app.close()));
}

/** A low-level server of SDK 2.x over the catalogue of the fixture, on Fastify, until `closeServers`. */
export async function injectableServer(overrides: Partial<McpGuardOptions> = {}) {
  const fixture = createFixture(overrides);
  const { handlers, guard } = fixture;
  const handler = createMcpHandler(() => {
    const server = new Server(
      { name: 'test', version: '1' },
      { capabilities: { tools: {}, resources: {}, prompts: {} } },
    );
    server.setRequestHandler('tools/list', (_request, extra) => handlers.listTools(extra));
    server.setRequestHandler('tools/call', ({ params }, extra) => handlers.callTool(params, extra));
    server.setRequestHandler('resources/read', ({ params }, extra) => handlers.readResource(params, extra));
    server.setRequestHandler('prompts/get', ({ params }, extra) => handlers.getPrompt(params, extra));
    return server;
  });
  const app = Fastify();
  await app.register(protectMcp, { guard, handler });
  open.push(app);

  const post = (body: object, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/mcp',
      headers: {
        host: 'mcp.example',
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        ...headers,
      },
      payload: body,
    });
  const call = async (name: string, claims: object = {}, args: object = {}) => {
    const authorization = `Bearer ${await fixture.issuer.mint({ roles: [], ...claims })}`;
    return post(toolCall(name, args), { authorization });
  };
  return { ...fixture, app, post, call };
}

export function toolCall(name: string, args: object = {}) {
  return { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, arguments: args } };
}

/** Body and headers of a tool call of 2026-07-28. */
export function modernCall(name: string, token: string): [object, Record<string, string>] {
  const body = toolCall(name);
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = {
    authorization: `Bearer ${token}`,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': name,
  };
  return [{ ...body, params: { ...body.params, _meta } }, headers];
}

/** The JSON-RPC message of an answer, whether it came as JSON or as an event stream. */
export function messageOf(response: { body: string }) {
  const data = response.body.split('\n').find((line) => line.startsWith('data: '));
  return JSON.parse(data === undefined ? response.body : data.slice(6));
}
