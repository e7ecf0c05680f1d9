import { isOAuthError, oauthErrorTable } from '@mcp-obo/oauth-error';
import { refusalNote } from '@mcp-obo/scopes';
import type { Refused } from './guarded-handler.ts';
import { internalError, invalidParams, isProtocolError, McpError, unknownOperation } from './mcp-error.ts';
import { ToolFailure } from './tool-result.ts';

/** How resources and prompts refuse: they have no result that could say so. */
export function refuseByProtocolError(
  decision: Refused,
  operation: { readonly kind: string; readonly name: string },
): never {
  if (decision.outcome === 'refuse' && decision.hidden) throw unknownOperation(operation);
  throw new McpError(invalidParams, refusalNote(decision).message);
}

/** How they fail: what was written for the agent goes out, an inner text does not. */
export function failByProtocolError(error: unknown): never {
  if (isProtocolError(error)) throw error;
  if (error instanceof ToolFailure) throw new McpError(invalidParams, error.message);
  if (isOAuthError(error))
    throw new McpError(
      oauthErrorTable[error.code].fault === 'platform' ? internalError : invalidParams,
      error.message,
    );
  throw new McpError(internalError, 'The request could not be served.');
}
