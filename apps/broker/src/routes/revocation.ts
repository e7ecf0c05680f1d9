import type { FastifyInstance } from 'fastify';
import type { Endpoints } from '../endpoints.ts';
import type { RevocationEndpoints } from '../revocation/revocation-endpoints.ts';
import { acceptForms, serveForm } from './form-endpoint.ts';

export interface RevocationRouteOptions {
  readonly revocation: RevocationEndpoints;
  readonly endpoints: Endpoints;
}

/** `POST /revoke` (RFC 7009), and `POST /revoke/all` for operators. */
export async function revocationRoutes(
  app: FastifyInstance,
  { revocation, endpoints }: RevocationRouteOptions,
): Promise<void> {
  acceptForms(app);
  serveForm(app, endpoints.revocation.token, revocation.token);
  serveForm(app, endpoints.revocation.all, revocation.all);
}
