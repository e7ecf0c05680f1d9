export { type Call, type CallContext, callOf, type McpAuthInfo } from './call.ts';
export {
  type Catalogue,
  type ObjectSchema,
  type PromptDefinition,
  type ResourceDefinition,
  requirementsOf,
  type ToolDefinition,
} from './catalogue.ts';
export { type CatalogueHandlers, createCatalogueHandlers } from './catalogue-handlers.ts';
export { createMcpGuard, type McpGuard } from './guard.ts';
export type { GuardEvent, HttpRequest, McpGuardOptions } from './guard-options.ts';
export { guardTool, runGuarded, type SdkExtra } from './guarded-handler.ts';
export { McpError } from './mcp-error.ts';
export { type Message, messagesOf, type Operation } from './operation.ts';
export type { Refusal } from './refusal.ts';
export { ToolFailure, type ToolResult } from './tool-result.ts';
