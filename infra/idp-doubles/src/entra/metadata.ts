import type { FastifyInstance } from 'fastify';
import type { EntraState } from './state.ts';
import { issuerOf } from './token-claims.ts';

/** OpenID metadata and keys in both versions, and the instance discovery document that MSAL reads. */
export function registerMetadata(server: FastifyInstance, state: EntraState, origin: () => string): void {
  const known = (tenant: string) => state.tenants.some((each) => each.id === tenant);
  const versions = [
    { version: 1, metadata: '', keys: 'discovery', endpoints: 'oauth2' },
    { version: 2, metadata: '/v2.0', keys: 'discovery/v2.0', endpoints: 'oauth2/v2.0' },
  ] as const;
  for (const { version, metadata, keys, endpoints } of versions) {
    server.get<{ Params: { tenant: string } }>(
      `/:tenant${metadata}/.well-known/openid-configuration`,
      async (request, reply) => {
        const { tenant } = request.params;
        if (!known(tenant)) return reply.code(400).send({ error: 'invalid_tenant' });
        const base = `${origin()}/${tenant}`;
        return {
          issuer: issuerOf(state.origins, tenant, version),
          authorization_endpoint: `${base}/${endpoints}/authorize`,
          token_endpoint: `${base}/${endpoints}/token`,
          end_session_endpoint: `${base}/${endpoints}/logout`,
          jwks_uri: `${base}/${keys}/keys`,
          response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
          response_modes_supported: ['query', 'fragment', 'form_post'],
          subject_types_supported: ['pairwise'],
          id_token_signing_alg_values_supported: ['RS256'],
          token_endpoint_auth_methods_supported: [
            'client_secret_post',
            'private_key_jwt',
            'client_secret_basic',
          ],
          scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
        };
      },
    );
    server.get(`/:tenant/${keys}/keys`, async () => state.signer.jwks);
  }
  server.get('/common/discovery/instance', async () => instanceDiscovery(origin()));
}

function instanceDiscovery(origin: string): Record<string, unknown> {
  const host = new URL(origin).host;
  return {
    tenant_discovery_endpoint: `${origin}/common/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  };
}
