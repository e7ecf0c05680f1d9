import type { OperationKind, Requirement } from '@mcp-obo/scopes';
import { extractTraceMeta, withSpan } from '@mcp-obo/telemetry';
import type { ServerContext } from '@modelcontextprotocol/server';
import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** What an operation is about, by its name or URI. */
export interface McpTarget {
  readonly kind: OperationKind;
  readonly name: string;
}

/** Runs an operation inside its span. */
export type McpSpan = <T extends object>(
  context: ServerContext,
  target: McpTarget,
  run: () => Promise<T>,
) => Promise<T>;

/**
 * One server span per MCP operation (OpenTelemetry semantic conventions for MCP). It continues the trace that
 * `_meta` names and is linked to that of the HTTP request, if it is another. Callers invent names, and put tokens
 * where names belong: only what has a requirement names a span, so their number stays that of the catalogue.
 */
export function createMcpSpan(requirements: readonly Pick<Requirement, 'kind' | 'name'>[]): McpSpan {
  const known = new Set(requirements.map(({ kind, name }) => `${kind} ${name}`));
  return (context, target, run) =>
    withMcpSpan(context, target, known.has(`${target.kind} ${target.name}`), run);
}

/** Where the conventions keep the name of what an operation is about. A URI is kept once it was found. */
const nameAttributes: Readonly<Partial<Record<OperationKind, string>>> = {
  tool: 'gen_ai.tool.name',
  prompt: 'gen_ai.prompt.name',
};

function withMcpSpan<T extends object>(
  { mcpReq, http }: ServerContext,
  target: McpTarget,
  known: boolean,
  run: () => Promise<T>,
): Promise<T> {
  const { method, id } = mcpReq;
  const nameAttribute = nameAttributes[target.kind];
  const name = known && nameAttribute !== undefined ? target.name : undefined;
  const version = http?.req?.headers.get('mcp-protocol-version') ?? '';
  const attributes: Attributes = {
    'mcp.method.name': method,
    ...(target.kind === 'tool' && { 'gen_ai.operation.name': 'execute_tool' }),
    ...(nameAttribute !== undefined && name !== undefined && { [nameAttribute]: name }),
    ...(/^\d{4}-\d\d-\d\d$/.test(version) && { 'mcp.protocol.version': version }),
    ...(String(id).length < 16 && { 'jsonrpc.request.id': String(id) }),
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
  };
  const work = async (span: Span): Promise<T> => {
    try {
      const result = await run();
      // What a caller names is known to be a name, and no token, only when it was found.
      if (target.kind === 'resource') span.setAttribute('mcp.resource.uri', target.name);
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

function fail(span: Span, attributes: Attributes): void {
  span.setAttributes(attributes);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
