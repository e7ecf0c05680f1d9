export {
  type Call,
  type CallBearer,
  type CallContext,
  callOf,
  type McpAuthInfo,
  type SdkExtra,
} from './call.ts';
export {
  type Catalogue,
  type ObjectSchema,
  type PromptDefinition,
  type ResourceDefinition,
  requirementsOf,
  type ToolDefinition,
} from './catalogue.ts';
export { type CatalogueHandlers, createCatalogueHandlers } from './catalogue-handlers.ts';
export { type GuardLog, withoutInnerText } from './fault.ts';
export { createMcpGuard, type McpGuard } from './guard.ts';
export type { GuardEvent, GuardIssuer, HttpRequest, McpGuardOptions } from './guard-options.ts';
export { guardServer } from './guard-server.ts';
export { guardTool, runGuarded } from './guarded-handler.ts';
export { createMemoryInteractionStore, type InteractionStore } from './interaction/interaction-store.ts';
export type { InteractionEvent, InteractionOptions } from './interaction/open-interactions.ts';
export type { Limiter, LimitOutcome, LimitState } from './limit.ts';
export { McpError } from './mcp-error.ts';
export { type Message, messagesOf, type Operation } from './operation.ts';
export type { Refusal } from './refusal.ts';
export { ToolFailure, type ToolResult } from './tool-result.ts';
