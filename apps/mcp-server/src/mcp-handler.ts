import { type CatalogueHandlers, type McpGuard, type SdkExtra, withoutInnerText } from '@mcp-obo/mcp';
import {
  type CallToolRequest,
  createMcpHandler,
  type GetPromptRequest,
  type McpHttpHandler,
  type ReadResourceRequest,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { McpSpan } from './mcp-span.ts';

export interface McpHandlerOptions {
  readonly guard: Pick<McpGuard, 'reportFault'>;
  readonly handlers: CatalogueHandlers;
  readonly inSpan: McpSpan;
  readonly name: string;
  readonly version: string;
  readonly onerror: (error: Error) => void;
}

/**
 * Both protocol eras from one URL: 2026-07-28 without sessions, and the 2025 revisions stateless. Each
 * request gets a server object of its own (CVE-2026-25536); what is expensive was built before.
 */
export function createHandler({
  guard,
  handlers,
  inSpan,
  name,
  version,
  onerror,
}: McpHandlerOptions): McpHttpHandler {
  const on = {
    listTools: withoutInnerText(guard, (_request: unknown, context: ServerContext) =>
      handlers.listTools(extra(context)),
    ),
    callTool: withoutInnerText(guard, ({ params }: CallToolRequest, context: ServerContext) =>
      inSpan(context, { kind: 'tool', name: params.name }, () => handlers.callTool(params, extra(context))),
    ),
    listResourceTemplates: withoutInnerText(guard, (_request: unknown, context: ServerContext) =>
      handlers.listResourceTemplates(extra(context)),
    ),
    readResource: withoutInnerText(guard, ({ params }: ReadResourceRequest, context: ServerContext) =>
      inSpan(context, { kind: 'resource', name: params.uri }, () =>
        handlers.readResource(params, extra(context)),
      ),
    ),
    listPrompts: withoutInnerText(guard, (_request: unknown, context: ServerContext) =>
      handlers.listPrompts(extra(context)),
    ),
    getPrompt: withoutInnerText(guard, ({ params }: GetPromptRequest, context: ServerContext) =>
      inSpan(context, { kind: 'prompt', name: params.name }, () =>
        handlers.getPrompt(params, extra(context)),
      ),
    ),
  };
  const build = () => {
    const server = new Server(
      { name, version },
      { capabilities: { tools: {}, resources: {}, prompts: {} }, cacheHints: privateLists },
    );
    server.setRequestHandler('tools/list', on.listTools);
    server.setRequestHandler('tools/call', on.callTool);
    server.setRequestHandler('resources/list', () => ({ resources: [] }));
    server.setRequestHandler('resources/templates/list', on.listResourceTemplates);
    server.setRequestHandler('resources/read', on.readResource);
    server.setRequestHandler('prompts/list', on.listPrompts);
    server.setRequestHandler('prompts/get', on.getPrompt);
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
