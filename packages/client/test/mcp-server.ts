import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Answer, Demand } from './resource-server.ts';

/** The tools and the scope each needs. */
const tools = { read: 'a', write: 'b' } as const;

/** A real MCP server with one server and transport object a request, as a stateless one must (CVE-2026-25536). */
export const mcpAnswer: Answer = async (request, response, body) => {
  const server = new McpServer({ name: 'test', version: '1' });
  for (const name of Object.keys(tools)) {
    server.registerTool(name, { description: name }, () => ({
      content: [{ type: 'text', text: `${name} done` }],
    }));
  }
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  await server.connect(transport);
  response.once('close', () => server.close());
  await transport.handleRequest(request, response, body === '' ? undefined : JSON.parse(body));
};

/** 403 with the scope of the tool that is called. */
export const mcpDemand: Demand = ({ scopes }, _request, body) => {
  const message = body === '' ? {} : JSON.parse(body);
  const scope =
    message.method === 'tools/call' ? tools[message.params.name as keyof typeof tools] : undefined;
  return scope === undefined || scopes.includes(scope)
    ? undefined
    : { status: 403, error: 'insufficient_scope', scope };
};
