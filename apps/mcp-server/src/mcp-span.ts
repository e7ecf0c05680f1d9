import { extractTraceMeta, withSpan } from '@mcp-obo/telemetry';
import type { ServerContext } from '@modelcontextprotocol/server';
import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** What an operation is about, where it has a name. */
export interface McpTarget {
  readonly tool?: string;
  readonly prompt?: string;
  readonly resource?: string;
}

/**
 * One server span per MCP operation (OpenTelemetry semantic conventions for MCP). It continues the trace that
 * `_meta` names and is linked to that of the HTTP request, if it is another.
 */
export function withMcpSpan<T extends object>(
  { mcpReq, http }: ServerContext,
  target: McpTarget,
  run: () => Promise<T>,
): Promise<T> {
  const { method, id } = mcpReq;
  const name = nameOf(target.tool ?? target.prompt);
  const version = http?.req?.headers.get('mcp-protocol-version') ?? '';
  const attributes: Attributes = {
    'mcp.method.name': method,
    ...(target.tool !== undefined && { 'gen_ai.operation.name': 'execute_tool' }),
    ...(name !== undefined && {
      [target.tool === undefined ? 'gen_ai.prompt.name' : 'gen_ai.tool.name']: name,
    }),
    ...(/^\d{4}-\d\d-\d\d$/.test(version) && { 'mcp.protocol.version': version }),
    ...(String(id).length < 16 && { 'jsonrpc.request.id': String(id) }),
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
  };
  const work = async (span: Span): Promise<T> => {
    try {
      const result = await run();
      // What a caller names is known to be a name, and no token, only when it was found.
      if (target.resource !== undefined) span.setAttribute('mcp.resource.uri', target.resource);
      if ('isError' in result && result.isError === true) fail(span, { 'error.type': 'tool_error' });
      return result;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (typeof code === 'number') span.setAttribute('rpc.response.status_code', String(code));
      throw error;
    }
  };
  const ambient = trace.getSpanContext(context.active());
  const parent = extractTraceMeta(mcpReq._meta);
  const elsewhere = ambient !== undefined && trace.getSpanContext(parent)?.traceId !== ambient.traceId;
  return withSpan(name === undefined ? method : `${method} ${name}`, attributes, work, {
    parent,
    kind: SpanKind.SERVER,
    ...(elsewhere && { links: [{ context: ambient }] }),
  });
}

/** Callers invent names, and put tokens where names belong: only what can be a name becomes one of a span. */
function nameOf(name: string | undefined): string | undefined {
  return name !== undefined && /^[\w./-]{1,64}$/.test(name) ? name : undefined;
}

function fail(span: Span, attributes: Attributes): void {
  span.setAttributes(attributes);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
