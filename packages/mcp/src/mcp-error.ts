/** JSON-RPC error that both SDK lines put on the wire as it is (JSON-RPC 2.0 §5.1). */
export class McpError extends Error {
  override readonly name = 'McpError';
  readonly code: number;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: number, message: string, data?: Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** An error that is a JSON-RPC answer already: ours, or one of either SDK line (URL elicitation, for one). */
export function isProtocolError(error: unknown): error is Error & { readonly code: number } {
  return error instanceof Error && 'code' in error && Number.isInteger(error.code) && Number(error.code) < 0;
}

export const invalidParams = -32602;
/** MCP 2025-11-25, Elicitation, URL elicitation required error. */
export const urlElicitationRequired = -32042;
export const internalError = -32603;

/** The longest name of a tool (MCP 2026-07-28, Tools). */
const longestName = 128;

/**
 * The same answer for what does not exist and for what this caller can never have. What is too long for a
 * name is not repeated: it can be a token that came to the wrong place, and the model reads this.
 */
export function unknownOperation({ kind, name }: { readonly kind: string; readonly name: string }): McpError {
  return new McpError(
    invalidParams,
    name.length > longestName ? `Unknown ${kind}` : `Unknown ${kind}: ${name}`,
  );
}
