import { OAuthError } from '@mcp-obo/oauth-error';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
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
  const serve = (endpoint: string, tenant: string | undefined) => {
    const url = pathOf(endpoint);
    app.post(url, (request) => token(readRequest(request, tenant)));
    app.route({ method: [...otherMethods], url, onRequest: refuseMethod, handler: refuseMethod });
  };
  serve(endpoints.token, undefined);
  for (const tenant of endpoints.tenants) serve(tenant.token, tenant.tenant);
}

const otherMethods = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** A client must use POST (RFC 6749 §3.2); the answer says so (RFC 9110 §15.5.6), before a body is read. */
async function refuseMethod(_request: FastifyRequest, reply: FastifyReply): Promise<never> {
  reply.header('allow', 'POST');
  throw new OAuthError('invalid_request', 'The token endpoint takes POST.', {
    status: 405,
    reason: 'method',
  });
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
