import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, inject, it } from 'vitest';
import { discover } from './fixture/raw-login.ts';

const { urls, ports } = inject('platform');
const origin = `http://127.0.0.1:${ports['mcp-server']}`;
const locations = [
  `${origin}/.well-known/oauth-protected-resource/mcp`,
  `${origin}/.well-known/oauth-protected-resource`,
];

describe('a client that knows only the URL', () => {
  it(verifies('rs:no-token', 'is told where to look and what to ask for, and of no error'), async () => {
    const { challenge } = await discover(urls.mcp);
    expect(challenge.status).toBe(401);
    expect(challenge.headers.get('www-authenticate')).toBe(
      `Bearer scope="mcp:tools:execute expenses:read", resource_metadata="${locations[0]}"`,
    );
  });

  it(
    verifies(['md:locations', 'md:content', 'md:resource'], 'finds the same document at both locations'),
    async () => {
      const documents = await Promise.all(locations.map((location) => fetch(location)));
      const [inserted, root] = await Promise.all(documents.map((response) => response.text()));
      expect(root).toBe(inserted);
      expect(JSON.parse(inserted ?? '')).toEqual({
        resource: urls.mcp,
        authorization_servers: [urls.issuers.acme, urls.issuers.globex],
        scopes_supported: ['mcp:tools:execute', 'expenses:read'],
        bearer_methods_supported: ['header'],
        resource_name: 'Expenses',
        dpop_bound_access_tokens_required: false,
        tls_client_certificate_bound_access_tokens: false,
      });
      for (const { headers } of documents) {
        expect(headers.get('access-control-allow-origin')).toBe('*');
        expect(headers.get('cache-control')).toMatch(/^public, max-age=\d+$/);
      }
    },
  );

  it(verifies('md:resource', 'is not led astray by forwarded hosts'), async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil',
    };
    const challenge = await fetch(urls.mcp, { method: 'POST', headers });
    expect(challenge.headers.get('www-authenticate')).toContain(`resource_metadata="${locations[0]}"`);
    expect(await (await fetch(locations[0] ?? '', { headers })).json()).toMatchObject({ resource: urls.mcp });
  });

  it(
    verifies('md:discovery', 'finds each issuer by every well-known address, under its own name'),
    async () => {
      for (const issuer of Object.values(urls.issuers)) {
        const { origin: host, pathname } = new URL(issuer);
        for (const address of [
          `${host}/.well-known/oauth-authorization-server${pathname}`,
          `${host}/.well-known/openid-configuration${pathname}`,
          `${issuer}/.well-known/openid-configuration`,
        ]) {
          expect(await (await fetch(address)).json()).toMatchObject({
            issuer,
            code_challenge_methods_supported: ['S256'],
            client_id_metadata_document_supported: true,
            authorization_response_iss_parameter_supported: true,
            registration_endpoint: `${issuer}/reg`,
          });
        }
      }
    },
  );

  it('is offered no scope that only an administrator may have', async () => {
    const { server } = await discover(urls.mcp);
    expect(server.scopes_supported).not.toContain('mcp:tools:admin');
    expect(server.scopes_supported).not.toContain('offline_access');
  });

  it(verifies('md:locations', 'in a browser of the Inspector may read the challenge'), async () => {
    const inspector = 'http://localhost:6274';
    const response = await fetch(urls.mcp, { method: 'POST', headers: { origin: inspector } });
    expect(response.headers.get('access-control-allow-origin')).toBe(inspector);
    expect(response.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    const stranger = await fetch(urls.mcp, { method: 'POST', headers: { origin: 'https://evil.example' } });
    expect(stranger.status).toBe(403);
  });
});
