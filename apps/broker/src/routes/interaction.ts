import type { FastifyInstance } from 'fastify';
import type { Endpoints } from '../endpoints.ts';
import type { InteractionEndpoints } from '../interaction/interaction-endpoints.ts';
import { acceptForms, serveForm } from './form-endpoint.ts';

export interface InteractionRouteOptions {
  readonly interaction: InteractionEndpoints;
  readonly endpoints: Endpoints;
}

/** `POST /interaction/start` and `POST /interaction/finish`. */
export async function interactionRoutes(
  app: FastifyInstance,
  { interaction, endpoints }: InteractionRouteOptions,
): Promise<void> {
  acceptForms(app);
  serveForm(app, endpoints.interaction.start, interaction.start);
  serveForm(app, endpoints.interaction.finish, interaction.finish);
}
