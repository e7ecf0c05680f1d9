import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TokenRequest } from '../token/token-endpoint.ts';

export interface TokenRouteOptions {
  readonly token: (request: TokenRequest) => Promise<Record<string, unknown>>;
  /** Tenants that have a path of their own, in the shape of Entra ID. */
  readonly tenants: readonly string[];
}

/** `POST /token`, and the same endpoint where MSAL looks for it: `POST /{tenant}/oauth2/v2.0/token`. */
export async function tokenRoutes(app: FastifyInstance, options: TokenRouteOptions): Promise<void> {
  const { token, tenants } = options;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, body),
  );
  app.post('/token', (request) => token(readRequest(request, undefined)));
  for (const tenant of tenants) {
    const path = `/${encodeURIComponent(tenant)}/oauth2/v2.0/token`;
    app.post(path, (request) => token(readRequest(request, tenant)));
  }
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
