import type { AuditLog } from '@mcp-obo/audit';
import type { Grant } from '@mcp-obo/grant';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { Operation, Stores } from '../operation.ts';
import { seenIn } from '../seen.ts';
import { recordOf, refusalReason } from './record.ts';

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
  for (const operation of options.operations) {
    const { method, url, status, prepare } = operation;
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
            audit.record(recordOf(operation, grant));
            return done;
          });
          return reply.code(status).send({ ...result, seen: seenIn(grant, username) });
        } catch (error) {
          const reason = refusalReason(error);
          if (reason !== undefined)
            audit.record({ ...recordOf(operation, grant), decision: 'refuse', reason });
          throw error;
        }
      },
    });
  }
};
