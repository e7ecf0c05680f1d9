import type { McpError } from './mcp-error.ts';
import type { ToolFailure } from './tool-result.ts';

/** An input request of 2026-07-28 that we make: a link to open, or a form. */
export interface InputRequest {
  readonly method: 'elicitation/create';
  readonly params:
    | { readonly mode: 'url'; readonly url: string; readonly message: string }
    | { readonly mode: 'form'; readonly message: string; readonly requestedSchema: object };
}

/** The answer of 2026-07-28 that asks the client for something first (MCP, multi round-trip requests). */
export interface InputRequired {
  readonly resultType: 'input_required';
  readonly inputRequests?: Readonly<Record<string, InputRequest>>;
  readonly requestState: string;
  readonly [member: string]: unknown;
}

/**
 * How a user is asked: by an answer, or by an error where the protocol or the client has no other way. Errors are
 * for the one who answers to throw.
 */
export type Asked = InputRequired | McpError | ToolFailure;
