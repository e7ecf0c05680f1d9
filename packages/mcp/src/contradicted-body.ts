import type { IncomingHttpHeaders } from 'node:http';

const versionMember = 'io.modelcontextprotocol/protocolVersion';

/**
 * Whether a request of 2026-07-28 names another version, method or operation in its headers than in its body
 * (MCP 2026-07-28, Streamable HTTP). The handler answers such a request with 400 and -32020 before anything
 * runs; a challenge would tell the client to log in for a call that is refused in any case.
 */
export function headersContradict(headers: IncomingHttpHeaders, body: unknown): boolean {
  const { method, params } = record(body);
  const { name, uri, _meta } = record(params);
  const version = record(_meta)[versionMember];
  if (version === undefined) return false;
  return (
    differs(headers['mcp-protocol-version'], version) ||
    differs(headers['mcp-method'], method) ||
    differs(headers['mcp-name'], name ?? uri)
  );
}

/** A value in the encoding for other than visible ASCII is left to the handler, which decodes it. */
function differs(header: string | string[] | undefined, member: unknown): boolean {
  if (header === undefined || typeof member !== 'string') return false;
  return !(String(header).startsWith('=?base64?') || header === member);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
