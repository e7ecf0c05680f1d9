import { type AuditEvent, type AuditLog, auditSubject } from '@mcp-obo/audit';
import type { Grant } from '@mcp-obo/grant';
import { isOAuthError } from '@mcp-obo/oauth-error';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Operation, Stores } from '../operation.ts';
import { Problem } from '../problem.ts';
import { seenIn } from '../seen.ts';

export interface ServeOptions {
  readonly operations: readonly Operation[];
  readonly stores: Stores;
  readonly audit: AuditLog;
  /** Runs the work so that all of it happens or none. */
  readonly inTransaction: <T>(work: () => T) => T;
  /** The grant of an authenticated request. */
  readonly grantOf: (request: FastifyRequest) => Grant;
}

/**
 * Serves operations: check, do, record, answer. The record is written inside the transaction, so that
 * nothing changes that is not in the audit.
 */
export const serveOperations: FastifyPluginAsync<ServeOptions> = async (app, options) => {
  const { stores, audit, inTransaction, grantOf } = options;
  for (const { method, url, status, prepare } of options.operations) {
    const event = (grant: Grant): AuditEvent => ({
      type: 'authorization',
      decision: 'allow',
      operation: { kind: 'resource', name: `${method} ${url}` },
      target: 'expenses-api',
      ...auditSubject(grant),
    });
    app.route({
      method,
      url,
      handler: async (request, reply) => {
        const grant = grantOf(request);
        const { params, query, body } = request;
        try {
          const { username, run } = prepare(grant, { params, query, body }, stores);
          const result = inTransaction(() => {
            const done = run();
            audit.record(event(grant));
            return done;
          });
          return reply.code(status).send({ ...result, seen: seenIn(grant, username) });
        } catch (error) {
          const reason = reasonOf(error);
          if (reason !== undefined) audit.record({ ...event(grant), decision: 'refuse', reason });
          throw error;
        }
      },
    });
  }
};

function reasonOf(error: unknown): string | undefined {
  if (error instanceof Problem) return error.code;
  return isOAuthError(error) ? error.reason : undefined;
}
