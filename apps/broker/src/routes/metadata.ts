import type { FastifyInstance } from 'fastify';
import { assertionAlgorithms } from '../client-auth/private-key-jwt.ts';
import { grantTypes } from '../token/token-endpoint.ts';

export interface MetadataRouteOptions {
  /** Public URL of the broker. */
  readonly issuer: string;
  readonly tenants: readonly string[];
}

/** Where the metadata of an issuer is, and what it is there (RFC 8414 §3, OpenID Connect Discovery §4). */
export async function metadataRoutes(app: FastifyInstance, options: MetadataRouteOptions): Promise<void> {
  const { issuer, tenants } = options;
  const serve = (path: string, document: Record<string, unknown>) =>
    app.get(path, async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300');
      return document;
    });
  serve('/.well-known/oauth-authorization-server', brokerMetadata(issuer));
  for (const tenant of tenants) {
    const path = `/${encodeURIComponent(tenant)}`;
    serve(`${path}/v2.0/.well-known/openid-configuration`, msalMetadata(issuer, path));
  }
  app.get('/jwks', async (_request, reply) => {
    reply.header('cache-control', 'public, max-age=300').type('application/jwk-set+json');
    return { keys: [] };
  });
}

/** Authorization server metadata (RFC 8414 §2). There is no authorization endpoint, so no response type. */
function brokerMetadata(issuer: string): Record<string, unknown> {
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: [],
    grant_types_supported: Object.values(grantTypes),
    token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_basic', 'client_secret_post'],
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  };
}

/**
 * The same broker as MSAL looks for it under an authority `{issuer}/{tenant}/`. MSAL refuses a document
 * without an authorization endpoint, which it never calls for on-behalf-of; ours answers 404.
 */
function msalMetadata(issuer: string, path: string): Record<string, unknown> {
  return {
    ...brokerMetadata(issuer),
    issuer: `${issuer}${path}/v2.0`,
    token_endpoint: `${issuer}${path}/oauth2/v2.0/token`,
    authorization_endpoint: `${issuer}${path}/oauth2/v2.0/authorize`,
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
