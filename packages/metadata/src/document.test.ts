import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { type ProtectedResourceOptions, protectedResourceMetadata } from './document.ts';

const options: ProtectedResourceOptions = {
  resource: 'https://mcp.example.com/mcp',
  authorizationServers: ['https://idp.example.com/acme'],
  scopesSupported: ['mcp:tools:execute', 'expenses:read'],
};

describe('protected resource metadata', () => {
  it(
    verifies('md:content', 'names issuers, scopes, the header method, people-facing pages and the flags'),
    () => {
      expect(
        protectedResourceMetadata({
          ...options,
          resourceName: 'Expenses',
          resourceDocumentation: 'https://docs.example.com/expenses',
          dpopBoundAccessTokensRequired: true,
          dpopSigningAlgValuesSupported: ['ES256'],
          tlsClientCertificateBoundAccessTokens: true,
        }),
      ).toEqual({
        resource: 'https://mcp.example.com/mcp',
        authorization_servers: ['https://idp.example.com/acme'],
        scopes_supported: ['mcp:tools:execute', 'expenses:read'],
        bearer_methods_supported: ['header'],
        resource_name: 'Expenses',
        resource_documentation: 'https://docs.example.com/expenses',
        dpop_bound_access_tokens_required: true,
        dpop_signing_alg_values_supported: ['ES256'],
        tls_client_certificate_bound_access_tokens: true,
      });
    },
  );

  it(verifies('md:content', 'says no to DPoP and mTLS unless they are offered'), () => {
    const document = protectedResourceMetadata(options);
    expect(document).toMatchObject({
      dpop_bound_access_tokens_required: false,
      tls_client_certificate_bound_access_tokens: false,
    });
    expect(document).not.toHaveProperty('dpop_signing_alg_values_supported');
  });

  it.each(['https://mcp.example.com', 'https://MCP.example.com:443/mcp', 'http://127.0.0.1:4000/mcp'])(
    verifies('md:resource', 'publishes the resource byte for byte: %s'),
    (resource) => {
      expect(protectedResourceMetadata({ ...options, resource }).resource).toBe(resource);
    },
  );

  it('publishes issuers byte for byte, a trailing slash included (Auth0)', () => {
    const authorizationServers = ['https://tenant.auth0.com/', 'https://idp.example.com'];
    expect(protectedResourceMetadata({ ...options, authorizationServers }).authorization_servers).toEqual(
      authorizationServers,
    );
  });

  it.each<[string, Partial<Record<keyof ProtectedResourceOptions | 'issuer', unknown>>, string]>([
    ['a relative resource', { resource: '/mcp' }, 'resource must be an absolute https URI'],
    ['a resource with a fragment', { resource: 'https://a.example/#x' }, 'free of a fragment'],
    ['no issuer', { authorizationServers: [] }, 'must name an issuer'],
    [
      'an issuer twice',
      { authorizationServers: ['https://a.example', 'https://a.example'] },
      'must not repeat',
    ],
    ['an issuer on plain http', { authorizationServers: ['http://a.example'] }, 'loopback host'],
    ['an issuer with a query', { authorizationServers: ['https://a.example?t=1'] }, 'free of query'],
    ['no scope', { scopesSupported: [] }, 'must name a scope'],
    ['offline_access', { scopesSupported: ['a', 'offline_access'] }, 'leave offline_access to the client'],
    ['two scopes in one', { scopesSupported: ['a b'] }, 'must be a scope token'],
    ['a documentation page that is no URL', { resourceDocumentation: 'docs' }, 'must be an https URL'],
    ['a symmetric proof algorithm', { dpopSigningAlgValuesSupported: ['HS256'] }, 'must be asymmetric'],
    ['an unknown option', { issuer: 'https://a.example' }, 'issuer'],
  ])(verifies('md:content', 'cannot be built with %s'), (_name, wrong, message) => {
    expect(() => protectedResourceMetadata({ ...options, ...wrong } as ProtectedResourceOptions)).toThrow(
      message,
    );
  });

  it('names every option at fault in one message', () => {
    expect(() =>
      protectedResourceMetadata({ resource: 'x', authorizationServers: [], scopesSupported: [] }),
    ).toThrow(/resource[\s\S]*authorizationServers[\s\S]*scopesSupported/);
  });
});
