import {
  type CallContext,
  type ObjectSchema,
  type ToolDefinition,
  ToolFailure,
  type ToolResult,
} from '@mcp-obo/mcp';
import type { Requirement, TierName } from '@mcp-obo/scopes';
import { z } from 'zod';

/** A tool as its author writes it: one zod schema gives the JSON Schema, the parser and the argument type. */
export interface ToolSpec<S extends z.ZodObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly tier: TierName;
  /** Fine scopes beside `mcp:tools:execute`. */
  readonly scopes: readonly string[];
  readonly permissions?: readonly string[];
  readonly callers?: Requirement['callers'];
  readonly forArguments?: Requirement['forArguments'];
  readonly instead?: readonly string[];
  /** What the audit may show of each argument. */
  readonly sensitivity?: ToolDefinition['sensitivity'];
  readonly input: S;
  readonly handle: (args: z.output<S>, context: CallContext) => Promise<ToolResult> | ToolResult;
}

/** One entry of the catalogue. Schemas are built here, once, and never per request. */
export function defineTool<S extends z.ZodObject>(spec: ToolSpec<S>): ToolDefinition<z.output<S>> {
  const { name, title, description, tier, scopes, permissions, callers, forArguments, instead } = spec;
  const { sensitivity, input, handle } = spec;

  return {
    title,
    description,
    inputSchema: z.toJSONSchema(input) as unknown as ObjectSchema,
    annotations: { title, ...hints[tier] },
    requirement: {
      kind: 'tool',
      name,
      base: 'mcp:tools:execute',
      scopes,
      tier,
      permissions,
      callers,
      forArguments,
      instead,
    },
    sensitivity,
    parse: (args) => parseWith(input, args),
    handle,
  };
}

/** Hints of the MCP tool schema; they are advice to clients and decide nothing here. */
const hints: Readonly<Record<TierName, Readonly<Record<string, boolean>>>> = {
  'read-only': { readOnlyHint: true },
  'read-write': { readOnlyHint: false, destructiveHint: false },
  financial: { readOnlyHint: false, destructiveHint: false },
  'personal-data': { readOnlyHint: true },
  admin: { readOnlyHint: false, destructiveHint: true },
};

function parseWith<S extends z.ZodObject>(input: S, args: unknown): z.output<S> {
  const parsed = input.safeParse(args);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join('.') || 'arguments'}: ${message}`,
  );
  throw new ToolFailure(`The arguments do not fit: ${problems.join('; ')}`, { reason: 'invalid_arguments' });
}

/** A result both people and programs can read. */
export function answer(data: Record<string, unknown>): ToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(data, undefined, 2) }], structuredContent: data };
}
