import { once } from 'node:events';
import { freePort } from '@mcp-obo/testbed/ports';
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server';
import express from 'express';
import Fastify from 'fastify';
import { protectMcp as protectExpress } from '../src/express.ts';
import { protectMcp as protectFastify } from '../src/fastify.ts';
import { guardServer, type McpGuard, type McpGuardOptions } from '../src/index.ts';
import { createFixture } from './fixture.ts';

/** The part of `McpServer` that both lines share, loosely: configurations and handlers are the test's. */
export interface Registrar {
  registerTool(name: string, config: object, handler: (...args: never[]) => unknown): unknown;
  registerResource(
    name: string,
    at: unknown,
    config: object,
    handler: (...args: never[]) => unknown,
  ): unknown;
  registerPrompt(name: string, config: object, handler: (...args: never[]) => unknown): unknown;
}

export type Register = (server: Registrar, guard: McpGuard) => void;

const info = { name: 'test', version: '1' };

/** A server of SDK 1.x on Express: stateless, a server object for each request. */
export async function startExpress(register: Register, options: Partial<McpGuardOptions> = {}) {
  const port = await freePort();
  const fixture = createFixture({ allowedHosts: [`127.0.0.1:${port}`], ...options });
  const { guard } = fixture;
  const app = express();
  app.use(protectExpress(guard));
  app.post('/mcp', async (request, response) => {
    const server = guardServer(guard, new McpServerV1(info), request);
    register(server as unknown as Registrar, guard);
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  const listener = app.listen(port, '127.0.0.1');
  await once(listener, 'listening');
  return { ...fixture, port, ...poster(fixture, port), close: () => void listener.close() };
}

/** A server of SDK 2.x on Fastify, both protocol eras. */
export async function startFastify(register: Register, options: Partial<McpGuardOptions> = {}) {
  const port = await freePort();
  const fixture = createFixture({ allowedHosts: [`127.0.0.1:${port}`], ...options });
  const { guard } = fixture;
  const handler = createMcpHandler((caller) => {
    const server = guardServer(guard, new McpServerV2(info), caller);
    register(server as unknown as Registrar, guard);
    return server;
  });
  const app = Fastify();
  await app.register(protectFastify, { guard, handler });
  await app.listen({ port, host: '127.0.0.1' });
  return { ...fixture, port, ...poster(fixture, port), close: () => void app.close() };
}

function poster({ issuer }: ReturnType<typeof createFixture>, port: number) {
  /** One JSON-RPC request of a 2025 revision, with a token of these claims. */
  const post = async (method: string, params: object = {}, claims: Readonly<Record<string, unknown>> = {}) =>
    postRaw(JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }), await issuer.mint(claims));
  const postRaw = async (body: string, token: string): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${port}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2025-11-25',
      },
      body,
    });
    const text = await response.text();
    const data = text.split('\n').find((line) => line.startsWith('data: '));
    return {
      status: response.status,
      headers: response.headers,
      message: JSON.parse(data?.slice(6) ?? text),
    };
  };
  return { post, postRaw };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON-RPC message
  readonly message: any;
}
