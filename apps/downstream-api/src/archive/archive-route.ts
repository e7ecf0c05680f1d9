import { readCredential } from '@mcp-obo/validator';
import type { FastifyPluginAsync } from 'fastify';
import { z } from 'zod';
import { requestOf, userOperation } from '../operation.ts';
import { recordOf, refusalReason } from '../routes/record.ts';
import type { ServeOptions } from '../routes/serve-operations.ts';
import { seenIn } from '../seen.ts';
import type { Archive } from './archive.ts';

export interface ArchiveRouteOptions extends Pick<ServeOptions, 'stores' | 'audit' | 'grantOf'> {
  readonly archive: Archive;
  /** Canonical URL of this API. */
  readonly resource: string;
}

const operation = userOperation({
  method: 'GET',
  url: '/archive/expenses',
  scope: 'api:expenses.read',
  input: requestOf({ query: { status: z.enum(['submitted', 'approved']).optional() } }),
  run: (_expenses, { query }) => query,
});

/** `GET /archive/expenses`: what the archive shows to the user of this API's own token, and whom it saw. */
export const archiveRoute: FastifyPluginAsync<ArchiveRouteOptions> = async (app, options) => {
  const { stores, audit, grantOf, archive, resource } = options;
  const { method, url } = operation;
  app.route({
    method,
    url,
    handler: async (request) => {
      const grant = grantOf(request);
      const { params, query, body, raw, originalUrl } = request;
      try {
        const { username, run } = operation.prepare(grant, { params, query, body }, stores);
        const { status } = run() as { readonly status?: string };
        const credential = readCredential({ method, rawHeaders: raw.rawHeaders, url: originalUrl }, resource);
        const answer = await archive(credential?.token ?? '', status);
        audit.record(recordOf(operation, grant));
        return { archive: answer, seen: seenIn(grant, username) };
      } catch (error) {
        const reason = refusalReason(error);
        if (reason !== undefined) audit.record({ ...recordOf(operation, grant), decision: 'refuse', reason });
        throw error;
      }
    },
  });
};
