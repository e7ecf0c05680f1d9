import type { Requirement } from '@mcp-obo/scopes';
import { callOf, type SdkExtra } from './call.ts';
import type { Catalogue, PromptDefinition, ResourceDefinition, ToolDefinition } from './catalogue.ts';
import type { McpGuard } from './guard.ts';
import { guardTool, runGuarded } from './guarded-handler.ts';
import { unknownOperation } from './mcp-error.ts';
import { failByProtocolError, refuseByProtocolError } from './protocol-answers.ts';
import type { ToolResult } from './tool-result.ts';

/** Handlers of an MCP server without a server: the same functions serve SDK 1.x and 2.x, and any transport. */
export interface CatalogueHandlers {
  readonly listTools: (extra: SdkExtra) => { tools: ListedTool[] };
  readonly callTool: (params: { name: string; arguments?: unknown }, extra: SdkExtra) => Promise<ToolResult>;
  readonly listResourceTemplates: (extra: SdkExtra) => { resourceTemplates: ListedTemplate[] };
  readonly readResource: (params: { uri: string }, extra: SdkExtra) => Promise<ResourceText>;
  readonly listPrompts: (extra: SdkExtra) => { prompts: ListedPrompt[] };
  readonly getPrompt: (
    params: { name: string; arguments?: Record<string, unknown> },
    extra: SdkExtra,
  ) => Promise<PromptText>;
}

export interface ListedTool {
  name: string;
  title: string;
  description: string;
  inputSchema: { type: 'object'; [keyword: string]: unknown };
  annotations?: Record<string, unknown>;
}
export interface ListedTemplate {
  name: string;
  title: string;
  description: string;
  uriTemplate: string;
  mimeType: string;
}
export interface ListedPrompt {
  name: string;
  title: string;
  description: string;
  arguments: { name: string; description: string; required: boolean }[];
}
export interface ResourceText {
  contents: { uri: string; mimeType: string; text: string }[];
  [member: string]: unknown;
}
export interface PromptText {
  messages: { role: 'user'; content: { type: 'text'; text: string } }[];
  [member: string]: unknown;
}

/** Builds the handlers once for a process; the caller comes with each request. */
export function createCatalogueHandlers(guard: McpGuard, catalogue: Catalogue): CatalogueHandlers {
  const tools = new Map(catalogue.tools.map((tool) => [tool.requirement.name, guardedTool(guard, tool)]));
  const prompts = new Map(catalogue.prompts.map((prompt) => [prompt.requirement.name, prompt]));
  const resources = new Map(catalogue.resources.map((resource) => [resource.requirement.name, resource]));
  const listedTools = new Map(catalogue.tools.map((tool) => [tool.requirement.name, listTool(tool)]));

  function visible<E extends { readonly requirement: Requirement }>(
    extra: SdkExtra,
    kind: Requirement['kind'],
    entries: readonly E[],
  ): readonly E[] {
    const call = callOf(extra);
    if (call === undefined) return [];
    const names = guard.listable(call.grant, kind);
    return entries.filter(({ requirement }) => names.has(requirement.name));
  }

  return {
    listTools: (extra) => ({
      tools: visible(extra, 'tool', catalogue.tools).flatMap(
        ({ requirement }) => listedTools.get(requirement.name) ?? [],
      ),
    }),
    callTool: async ({ name, arguments: args = {} }, extra) => {
      const run = tools.get(name) ?? guardTool<unknown>(guard, name, () => absent({ kind: 'tool', name }));
      return await run(args, extra);
    },
    listResourceTemplates: (extra) => ({
      resourceTemplates: visible(extra, 'resource', catalogue.resources).map(listTemplate),
    }),
    readResource: async ({ uri }, extra) => {
      const { requirement, variables = {} } = guard.resolveResource(uri) ?? {};
      return await runGuarded(guard, { kind: 'resource', name: uri, args: variables }, extra, {
        run: async (context) => {
          const resource = resources.get(requirement?.name ?? '') ?? absent({ kind: 'resource', name: uri });
          const text = await resource.read(variables, context);
          return { contents: [{ uri, mimeType: resource.mimeType, text }] };
        },
        refuse: (decision) => refuseByProtocolError(decision, { kind: 'resource', name: uri }),
        fail: failByProtocolError,
      });
    },
    listPrompts: (extra) => ({ prompts: visible(extra, 'prompt', catalogue.prompts).map(listPrompt) }),
    getPrompt: async ({ name, arguments: args = {} }, extra) =>
      await runGuarded(guard, { kind: 'prompt', name, args }, extra, {
        run: async (context) => {
          const text = (await prompts.get(name)?.get(args, context)) ?? absent({ kind: 'prompt', name });
          return { messages: [{ role: 'user', content: { type: 'text', text } }] };
        },
        refuse: (decision) => refuseByProtocolError(decision, { kind: 'prompt', name }),
        fail: failByProtocolError,
      }),
  };
}

function guardedTool(guard: McpGuard, tool: ToolDefinition) {
  return guardTool<unknown>(guard, tool.requirement.name, (args, context) =>
    tool.handle(tool.parse(args), context),
  );
}

/** Never reached: what is not in the catalogue has no requirement, and the decision refuses it first. */
function absent(operation: { kind: string; name: string }): never {
  throw unknownOperation(operation);
}

function listTool({ requirement, title, description, inputSchema, annotations }: ToolDefinition): ListedTool {
  return {
    name: requirement.name,
    title,
    description,
    inputSchema,
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function listTemplate({ requirement, title, description, mimeType }: ResourceDefinition): ListedTemplate {
  return { name: title, title, description, uriTemplate: requirement.name, mimeType };
}

function listPrompt({ requirement, title, description, arguments: args }: PromptDefinition): ListedPrompt {
  return { name: requirement.name, title, description, arguments: args.map((argument) => ({ ...argument })) };
}
