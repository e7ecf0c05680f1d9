import type { CatalogueHandlers, SdkExtra } from '@mcp-obo/mcp';
import { extractTraceMeta, withSpan } from '@mcp-obo/telemetry';
import {
  createMcpHandler,
  type McpHttpHandler,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { type Span, SpanStatusCode } from '@opentelemetry/api';

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
      traced(context, 'tools/call', request.params.name, () =>
        handlers.callTool(request.params, extra(context)),
      ),
    );
    server.setRequestHandler('resources/list', () => ({ resources: [] }));
    server.setRequestHandler('resources/templates/list', (_request, context) =>
      handlers.listResourceTemplates(extra(context)),
    );
    server.setRequestHandler('resources/read', (request, context) =>
      traced(context, 'resources/read', undefined, () =>
        handlers.readResource(request.params, extra(context)),
      ),
    );
    server.setRequestHandler('prompts/list', (_request, context) => handlers.listPrompts(extra(context)));
    server.setRequestHandler('prompts/get', (request, context) =>
      traced(context, 'prompts/get', request.params.name, () =>
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

/** One span per operation, under the trace that `_meta` continues (semantic conventions for MCP). */
function traced<T extends object>(
  context: ServerContext,
  method: string,
  name: string | undefined,
  run: () => Promise<T>,
): Promise<T> {
  // Callers invent names, and put tokens where names belong: only what can be a name becomes one of a span.
  const known = name !== undefined && /^[\w./-]{1,64}$/.test(name) ? name : undefined;
  const attributes = {
    'mcp.method.name': method,
    ...(known === undefined ? {} : { 'gen_ai.tool.name': known }),
  };
  const title = known === undefined ? method : `${method} ${known}`;
  const work = async (span: Span): Promise<T> => {
    const result = await run();
    if ('isError' in result && result.isError === true) {
      span.setAttribute('error.type', 'tool_error');
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    return result;
  };
  return withSpan(title, attributes, work, { parent: extractTraceMeta(context.mcpReq._meta) });
}
