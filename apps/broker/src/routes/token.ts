import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Endpoints, pathOf } from '../endpoints.ts';
import type { TokenRequest } from '../token/token-endpoint.ts';

export interface TokenRouteOptions {
  readonly token: (request: TokenRequest) => Promise<Record<string, unknown>>;
  readonly endpoints: Endpoints;
}

/** `POST /token`, and the same endpoint for each tenant where MSAL looks for it. */
export async function tokenRoutes(
  app: FastifyInstance,
  { token, endpoints }: TokenRouteOptions,
): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, body),
  );
  app.post(pathOf(endpoints.token), (request) => token(readRequest(request, undefined)));
  for (const tenant of endpoints.tenants)
    app.post(pathOf(tenant.token), (request) => token(readRequest(request, tenant.tenant)));
}

function readRequest(request: FastifyRequest, tenant: string | undefined): TokenRequest {
  return {
    authorization: headerLines(request.raw.rawHeaders, 'authorization'),
    query: Object.keys(request.query as object),
    body: typeof request.body === 'string' ? request.body : '',
    tenant,
  };
}

/** Every line of a header: Node keeps the first `Authorization` in silence (RFC 9110 §5.3). */
function headerLines(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}
