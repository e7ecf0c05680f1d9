import type { Requirement } from '@mcp-obo/scopes';
import type { CallContext } from './call.ts';
import type { ToolResult } from './tool-result.ts';

/** A JSON Schema of type `object`, as MCP wants it for tool arguments. */
export interface ObjectSchema {
  readonly type: 'object';
  readonly [keyword: string]: unknown;
}

/** What every entry of the catalogue has: a name people read, and what a caller must have. */
interface Entry {
  readonly title: string;
  readonly description: string;
  /** Without a requirement nothing can be registered; its `name` is the name of the entry. */
  readonly requirement: Requirement;
}

/** A tool is data and a handler. Listing, pinning, documentation and tests read the data. */
export interface ToolDefinition<A = unknown> extends Entry {
  readonly inputSchema: ObjectSchema;
  readonly annotations?: Readonly<Record<string, unknown>>;
  /** What the audit may show of each argument; one that is not named is left out. */
  readonly sensitivity?: Readonly<Record<string, 'value' | 'hash' | 'omit'>>;
  /** Arguments the handler can trust. Throws a `ToolFailure` that says what is wrong with them. */
  readonly parse: (args: unknown) => A;
  readonly handle: (args: A, context: CallContext) => Promise<ToolResult> | ToolResult;
}

/** A family of resources under one URI template; the requirement's `name` is the template. */
export interface ResourceDefinition extends Entry {
  readonly mimeType: string;
  /** The text of one resource; rejects with a `ToolFailure` when there is none. */
  readonly read: (variables: Readonly<Record<string, string>>, context: CallContext) => Promise<string>;
}

export interface PromptDefinition extends Entry {
  readonly arguments: readonly {
    readonly name: string;
    readonly description: string;
    readonly required: boolean;
  }[];
  readonly get: (args: Readonly<Record<string, unknown>>, context: CallContext) => Promise<string> | string;
}

/** All a server offers. Server objects of either SDK line are built from it, one for each request. */
export interface Catalogue {
  // biome-ignore lint/suspicious/noExplicitAny: a list of tools with arguments of different types
  readonly tools: readonly ToolDefinition<any>[];
  readonly resources: readonly ResourceDefinition[];
  readonly prompts: readonly PromptDefinition[];
}

/** The requirements of everything in the catalogue, for `createMcpGuard`. */
export function requirementsOf({ tools, resources, prompts }: Catalogue): readonly Requirement[] {
  return [...tools, ...resources, ...prompts].map(({ requirement }) => requirement);
}
