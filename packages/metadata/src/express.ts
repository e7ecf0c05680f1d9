import type { IncomingMessage, ServerResponse } from 'node:http';
import { createMetadataResponder, type MetadataRoutesOptions } from './responder.ts';

/** Middleware as Express 4 and 5, Connect and Polka call it. */
export type MetadataMiddleware = (
  request: IncomingMessage & { readonly originalUrl?: string },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Express middleware that publishes a protected resource's metadata, see {@link createMetadataResponder}.
 * Mount it at the root, before anything that answers every path.
 *
 * `app.use(metadataRoutes({ metadata: protectedResourceMetadata({ … }) }))`
 */
export function metadataRoutes(options: MetadataRoutesOptions): MetadataMiddleware {
  const respond = createMetadataResponder(options);
  return (request, response, next) => {
    const answer = respond({
      method: request.method ?? 'GET',
      url: request.originalUrl ?? request.url ?? '',
      ifNoneMatch: request.headers['if-none-match'],
    });
    if (answer === undefined) return next();
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  };
}
