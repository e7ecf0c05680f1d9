import type { FastifyInstance } from 'fastify';
import type { Endpoints } from '../endpoints.ts';
import type { RevocationEndpoints } from '../revocation/revocation-endpoints.ts';
import type { RevocationService } from '../revocation/revocation-service.ts';
import { acceptForms, serveForm } from './form-endpoint.ts';

export interface RevocationRouteOptions {
  readonly revocation: RevocationEndpoints;
  readonly introspect: RevocationService['introspect'];
  readonly backchannelLogout: RevocationService['backchannelLogout'];
  readonly endpoints: Endpoints;
}

/** `POST /revoke` (RFC 7009), `POST /revoke/all` for operators, `POST /introspect` (RFC 7662), and back-channel logout. */
export async function revocationRoutes(
  app: FastifyInstance,
  { revocation, introspect, backchannelLogout, endpoints }: RevocationRouteOptions,
): Promise<void> {
  acceptForms(app);
  serveForm(app, endpoints.revocation.token, revocation.token);
  serveForm(app, endpoints.revocation.all, revocation.all);
  serveForm(app, endpoints.introspection, introspect);
  serveForm(app, endpoints.backchannelLogout, backchannelLogout);
}
