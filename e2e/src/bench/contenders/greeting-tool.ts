import type { ToolDefinition } from '@mcp-obo/mcp';

/** A tool that calls nobody: what is left is the cost of the call itself. */
export const greetingTool: ToolDefinition = {
  title: 'Greeting',
  description: 'Says hello.',
  inputSchema: { type: 'object', properties: {}, additionalProperties: false },
  requirement: {
    kind: 'tool',
    name: 'greeting',
    base: 'mcp:tools:execute',
    scopes: ['expenses:read'],
    tier: 'read-only',
  },
  parse: (args) => args,
  handle: () => greeting,
};

export const greeting = { content: [{ type: 'text' as const, text: 'hello' }] };
