import { createCatalogueHandlers, createMcpGuard, requirementsOf, type SdkExtra } from '@mcp-obo/mcp';
import { protectMcp } from '@mcp-obo/mcp/fastify';
import { createMcpHandler, Server } from '@modelcontextprotocol/server';
import Fastify from 'fastify';
import type { ToolCallData } from '../measurements/tool-call.ts';
import { greetingTool } from './greeting-tool.ts';
import { listen } from './listen.ts';
import { startData } from './loop.ts';

const { issuer, resource, jwks } = startData<ToolCallData>();
const catalogue = { tools: [greetingTool], resources: [], prompts: [] };
const guard = createMcpGuard({
  resource,
  issuers: [{ issuer, tenant: 'acme', profile: 'generic', jwksUri: `${issuer}/jwks` }],
  requirements: requirementsOf(catalogue),
  fetch: async () => Response.json(jwks),
});
const handlers = createCatalogueHandlers(guard, catalogue);
const handler = createMcpHandler(() => {
  const server = new Server({ name: 'bench', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/call', ({ params }, extra) => handlers.callTool(params, extra as SdkExtra));
  return server;
});
const app = Fastify();
await app.register(protectMcp, { guard, handler });
await listen(app);
