import { authorizationServerMetadataUrls } from '@mcp-obo/metadata';
import type { FastifyInstance } from 'fastify';
import type { JSONWebKeySet } from 'jose';
import { assertionAlgorithms } from '../client-auth/assertion-algorithms.ts';
import { type Endpoints, pathOf, type TenantEndpoints } from '../endpoints.ts';
import { grantTypes } from '../token/token-endpoint.ts';

export interface MetadataRouteOptions {
  readonly endpoints: Endpoints;
  /** How the registered clients authenticate now, as `token_endpoint_auth_methods_supported` has it. */
  readonly authMethods: () => readonly string[];
  /** The keys that are published now. */
  readonly jwks: () => JSONWebKeySet;
}

/** Metadata (RFC 8414 §3; for MSAL, OpenID Connect Discovery §4) and keys (RFC 7517 §5). */
export async function metadataRoutes(
  app: FastifyInstance,
  { endpoints, authMethods, jwks }: MetadataRouteOptions,
): Promise<void> {
  const publish = (path: string, type: string, document: () => object) =>
    app.get(path, async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300').type(type);
      return document();
    });
  const metadata = () => brokerMetadata(endpoints, authMethods());
  const publishMetadata = (issuer: string, document: () => object) => {
    const [location] = authorizationServerMetadataUrls(issuer);
    if (location !== undefined) publish(pathOf(location), 'application/json', document);
  };
  publishMetadata(endpoints.issuer, metadata);
  for (const tenant of endpoints.tenants) {
    publishMetadata(tenant.minted, () => ({
      ...metadata(),
      issuer: tenant.minted,
      token_endpoint: tenant.token,
    }));
    publish(`${pathOf(tenant.issuer)}/.well-known/openid-configuration`, 'application/json', () =>
      msalMetadata(metadata(), tenant),
    );
  }
  publish(pathOf(endpoints.jwks), 'application/jwk-set+json', jwks);
}

/** Authorization server metadata (RFC 8414 §2). There is no authorization endpoint, so no response type. */
function brokerMetadata(
  { issuer, token, jwks, revocation, introspection }: Endpoints,
  authMethods: readonly string[],
): Record<string, unknown> {
  return {
    issuer,
    token_endpoint: token,
    jwks_uri: jwks,
    introspection_endpoint: introspection,
    introspection_endpoint_auth_methods_supported: authMethods,
    introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    revocation_endpoint: revocation.token,
    revocation_endpoint_auth_methods_supported: authMethods,
    revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    response_types_supported: [],
    grant_types_supported: Object.values(grantTypes),
    token_endpoint_auth_methods_supported: authMethods,
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
  };
}

/**
 * The same broker under an authority of MSAL. MSAL refuses a document without an authorization endpoint,
 * which on-behalf-of never calls; at ours there is nothing.
 */
function msalMetadata(
  metadata: Record<string, unknown>,
  { issuer, token, authorization }: TenantEndpoints,
): Record<string, unknown> {
  return {
    ...metadata,
    issuer,
    token_endpoint: token,
    authorization_endpoint: authorization,
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
