import type { FastifyPluginCallback } from 'fastify';
import { wellKnownPath } from './resource.ts';
import { createMetadataResponder, type MetadataRoutesOptions } from './responder.ts';

/**
 * Fastify plugin that publishes a protected resource's metadata, see {@link createMetadataResponder}.
 *
 * `app.register(metadataRoutes, { metadata: protectedResourceMetadata({ … }) })`
 */
export const metadataRoutes: FastifyPluginCallback<MetadataRoutesOptions> = (app, options, done) => {
  const respond = createMetadataResponder(options);
  for (const url of [wellKnownPath, `${wellKnownPath}/*`]) {
    app.route({
      method: ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'],
      url,
      handler: (request, reply) => {
        const answer = respond({
          method: request.method,
          url: request.raw.url ?? '',
          ifNoneMatch: request.headers['if-none-match'],
        });
        return answer === undefined
          ? reply.callNotFound()
          : reply.code(answer.status).headers(answer.headers).send(answer.body);
      },
    });
  }
  done();
};
