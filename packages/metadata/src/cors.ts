/** Response headers a browser client must be able to read on the resource itself. */
export const exposedHeaders: readonly string[] = [
  'WWW-Authenticate',
  'MCP-Protocol-Version',
  'Mcp-Session-Id',
  'DPoP-Nonce',
  'Retry-After',
];

/** Request headers a browser client sends to an MCP server and its metadata. */
export const allowedHeaders: readonly string[] = [
  'Accept',
  'Authorization',
  'Content-Type',
  'DPoP',
  'Last-Event-ID',
  'MCP-Protocol-Version',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Session-Id',
  'baggage',
  'traceparent',
  'tracestate',
];

/** CORS headers of a document that is public anyway and needs no credential (RFC 9728 §3.1). */
export const publicCorsHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'ETag',
};

/** Further CORS headers of the answer to a preflight for such a document. */
export const publicPreflightHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': allowedHeaders.join(', '),
  'access-control-max-age': '86400',
};
