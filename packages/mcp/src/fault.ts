import { isOAuthError } from '@mcp-obo/oauth-error';
import type { ValidatorLog } from '@mcp-obo/validator';
import type { McpGuard } from './guard.ts';
import { isProtocolError } from './mcp-error.ts';
import { failByProtocolError } from './protocol-answers.ts';
import { ToolFailure } from './tool-result.ts';

/** The part of a pino logger that is used. It must write no credentials: inner texts come from anywhere. */
export interface GuardLog extends ValidatorLog {
  error(fields: object, message: string): void;
}

/** Tells the log of an error that nobody planned; what was written for the caller is told to the caller. */
export function createFaultReport(log: GuardLog | undefined): (error: unknown) => void {
  return (error) => {
    if (isOAuthError(error) || isProtocolError(error) || error instanceof ToolFailure) return;
    log?.error({ err: error }, 'unexpected error');
  };
}

/**
 * A request handler of either SDK line that lets no inner text out: both lines put the message of what a handler
 * throws on the wire. What nobody planned is `-32603` with a text of our own, and its cause is in the log.
 */
export function withoutInnerText<A extends readonly unknown[], R>(
  guard: Pick<McpGuard, 'reportFault'>,
  handler: (...args: A) => Promise<R> | R,
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await handler(...args);
    } catch (error) {
      guard.reportFault(error);
      return failByProtocolError(error);
    }
  };
}
