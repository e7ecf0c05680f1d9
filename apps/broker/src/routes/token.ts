import type { FastifyInstance } from 'fastify';
import type { Endpoints } from '../endpoints.ts';
import type { TokenRequest } from '../token/token-request.ts';
import { acceptForms, serveForm } from './form-endpoint.ts';

export interface TokenRouteOptions {
  readonly token: (request: TokenRequest) => Promise<Record<string, unknown>>;
  readonly endpoints: Endpoints;
}

/** `POST /token`, and the same endpoint for each tenant where MSAL looks for it. */
export async function tokenRoutes(
  app: FastifyInstance,
  { token, endpoints }: TokenRouteOptions,
): Promise<void> {
  acceptForms(app);
  serveForm(app, endpoints.token, (request) => token({ ...request, tenant: undefined }));
  for (const { tenant, token: endpoint } of endpoints.tenants)
    serveForm(app, endpoint, (request) => token({ ...request, tenant }));
}
