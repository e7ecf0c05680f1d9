import { type AuditEvent, auditSubject } from '@mcp-obo/audit';
import type { Grant } from '@mcp-obo/grant';
import { isOAuthError } from '@mcp-obo/oauth-error';
import type { Operation } from '../operation.ts';
import { Problem } from '../problem.ts';

/** The record of an operation that is allowed. */
export function recordOf({ method, url }: Pick<Operation, 'method' | 'url'>, grant: Grant): AuditEvent {
  return {
    type: 'authorization',
    decision: 'allow',
    operation: { kind: 'resource', name: `${method} ${url}` },
    target: 'expenses-api',
    ...auditSubject(grant),
  };
}

/** Why it was refused; undefined for what is a fault of ours. */
export function refusalReason(error: unknown): string | undefined {
  if (error instanceof Problem) return error.code;
  return isOAuthError(error) ? error.reason : undefined;
}
