import { verifies } from '@mcp-obo/testbed/verifies';
import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { readinessRoute } from '../src/routes/readiness.ts';
import { createFixture, jwtBearer, tokenExchange } from './fixture.ts';
import { broker } from './settings.ts';

const { app, exchange, post } = await createFixture();

describe('every answer of the token endpoint', () => {
  const answers: readonly (readonly [number, string, () => ReturnType<typeof post>])[] = [
    [200, 'a token', () => exchange({})],
    [400, 'a refusal', () => exchange({ scope: 'api:other' })],
    [401, 'an unknown client', () => exchange({}, { headers: { authorization: '' } })],
    [413, 'a body too large', () => post({ filler: 'x'.repeat(70_000) })],
    [404, 'an unknown path', () => post({}, { url: '/tokens' })],
    [405, 'a GET', () => app.inject('/token')],
    [400, 'a path that cannot be decoded', () => app.inject('/token/%zz')],
  ];
  it.each(answers)(
    verifies('tb:no-store', 'is kept by nobody: %i, %s (RFC 6749 §5.1)'),
    async (status, _what, ask) => {
      const response = await ask();
      expect(response.statusCode).toBe(status);
      expect(response.headers).toMatchObject({ 'cache-control': 'no-store', pragma: 'no-cache' });
    },
  );

  it('says nothing of the path or the request it does not know', async () => {
    const response = await app.inject('/%3Cscript%3E?access_token=secret');
    expect([response.statusCode, response.json()]).toEqual([404, { error: 'not_found' }]);
    const unreadable = await app.inject('/secret%zz');
    expect([unreadable.statusCode, unreadable.json()]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'The path of the request cannot be read.' },
    ]);
  });
});

describe('the token endpoint', () => {
  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)(
    'says that it takes POST and not %s (RFC 6749 §3.2, RFC 9110 §15.5.6)',
    async (method) => {
      for (const url of ['/token', '/acme/oauth2/v2.0/token']) {
        const { statusCode, headers } = await app.inject({ method, url });
        expect([statusCode, headers.allow]).toEqual([405, 'POST']);
      }
    },
  );
});

describe('the metadata', () => {
  it('is that of RFC 8414, under URLs of the configuration and never of the request', async () => {
    const response = await app.inject({
      url: '/.well-known/oauth-authorization-server',
      headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
    });
    expect(response.headers['cache-control']).toBe('public, max-age=300');
    expect(response.json()).toEqual({
      issuer: broker,
      token_endpoint: `${broker}/token`,
      jwks_uri: `${broker}/jwks`,
      introspection_endpoint: `${broker}/introspect`,
      introspection_endpoint_auth_methods_supported: [
        'private_key_jwt',
        'client_secret_basic',
        'client_secret_post',
      ],
      introspection_endpoint_auth_signing_alg_values_supported: ['PS256', 'RS256', 'ES256', 'ES384', 'EdDSA'],
      revocation_endpoint: `${broker}/revoke`,
      revocation_endpoint_auth_methods_supported: [
        'private_key_jwt',
        'client_secret_basic',
        'client_secret_post',
      ],
      revocation_endpoint_auth_signing_alg_values_supported: ['PS256', 'RS256', 'ES256', 'ES384', 'EdDSA'],
      response_types_supported: [],
      grant_types_supported: [tokenExchange, jwtBearer, 'client_credentials'],
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_basic', 'client_secret_post'],
      token_endpoint_auth_signing_alg_values_supported: ['PS256', 'RS256', 'ES256', 'ES384', 'EdDSA'],
    });
  });

  it('is where an authority of MSAL has it, for each tenant and for no other', async () => {
    const at = (tenant: string) => app.inject(`/${tenant}/v2.0/.well-known/openid-configuration`);
    expect((await at('acme')).json()).toMatchObject({
      issuer: `${broker}/acme/v2.0`,
      token_endpoint: `${broker}/acme/oauth2/v2.0/token`,
    });
    expect((await at('globex')).json().issuer).toBe(`${broker}/globex/v2.0`);
    expect((await at('common')).statusCode).toBe(404);
  });

  it('is under the path of the issuer when it has one (RFC 8414 §3.1)', async () => {
    const { app, exchange } = await createFixture({ config: { issuer: 'https://example.com/broker' } });
    const response = await app.inject('/.well-known/oauth-authorization-server/broker');
    expect(response.json().token_endpoint).toBe('https://example.com/broker/token');
    expect((await exchange({}, { url: '/broker/token' })).statusCode).toBe(200);
    expect((await exchange({})).statusCode).toBe(404);
  });

  it('names a key set, which is empty while the broker signs nothing', async () => {
    const response = await app.inject('/jwks');
    expect(response.headers['content-type']).toMatch(/^application\/jwk-set\+json/);
    expect(response.json()).toEqual({ keys: [] });
  });
});

describe('health', () => {
  it(verifies('tb:health', 'is alive at /health and ready at /ready'), async () => {
    const [alive, ready] = [await app.inject('/health'), await app.inject('/ready')];
    expect([alive.statusCode, alive.json()]).toEqual([200, { status: 'ok' }]);
    expect([ready.statusCode, ready.json()]).toEqual([200, { status: 'ready', cache: 'memory' }]);
  });

  it(verifies('tb:health', 'is not ready from the moment it is told to end'), async () => {
    let draining = false;
    const server = Fastify();
    await server.register(readinessRoute, { cacheHealthy: undefined, draining: () => draining });
    expect((await server.inject('/ready')).statusCode).toBe(200);
    draining = true;
    const response = await server.inject('/ready');
    expect([response.statusCode, response.json()]).toEqual([503, { status: 'draining' }]);
  });
});
