import type { CatalogueHandlers, SdkExtra } from '@mcp-obo/mcp';
import {
  createMcpHandler,
  type McpHttpHandler,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { withMcpSpan } from './mcp-span.ts';

export interface McpHandlerOptions {
  readonly handlers: CatalogueHandlers;
  readonly name: string;
  readonly version: string;
  readonly onerror: (error: Error) => void;
}

/**
 * Both protocol eras from one URL: 2026-07-28 without sessions, and the 2025 revisions stateless. Each
 * request gets a server object of its own (CVE-2026-25536); what is expensive was built before.
 */
export function createHandler({ handlers, name, version, onerror }: McpHandlerOptions): McpHttpHandler {
  const build = () => {
    const server = new Server(
      { name, version },
      { capabilities: { tools: {}, resources: {}, prompts: {} }, cacheHints: privateLists },
    );
    server.setRequestHandler('tools/list', (_request, context) => handlers.listTools(extra(context)));
    server.setRequestHandler('tools/call', (request, context) =>
      withMcpSpan(context, { tool: request.params.name }, () =>
        handlers.callTool(request.params, extra(context)),
      ),
    );
    server.setRequestHandler('resources/list', () => ({ resources: [] }));
    server.setRequestHandler('resources/templates/list', (_request, context) =>
      handlers.listResourceTemplates(extra(context)),
    );
    server.setRequestHandler('resources/read', (request, context) =>
      withMcpSpan(context, { resource: request.params.uri }, () =>
        handlers.readResource(request.params, extra(context)),
      ),
    );
    server.setRequestHandler('prompts/list', (_request, context) => handlers.listPrompts(extra(context)));
    server.setRequestHandler('prompts/get', (request, context) =>
      withMcpSpan(context, { prompt: request.params.name }, () =>
        handlers.getPrompt(request.params, extra(context)),
      ),
    );
    return server;
  };
  return createMcpHandler(build, { legacy: 'stateless', onerror });
}

/** Lists differ by caller: no shared cache may keep them, and none for longer than a step-up takes. */
const mine = { ttlMs: 0, cacheScope: 'private' } as const;
const privateLists = {
  'tools/list': mine,
  'prompts/list': mine,
  'resources/list': mine,
  'resources/templates/list': mine,
  'resources/read': mine,
};

function extra(context: ServerContext): SdkExtra {
  return context as SdkExtra;
}
