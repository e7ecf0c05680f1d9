import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createFakeIdp } from '../test/fake-idp.ts';
import { acme, expenses, noon, resource } from '../test/setup.ts';
import { createLocalExchange } from './local-exchange.ts';
import type { Fetch } from './upstream/answer-fetch.ts';

const redirectUri = 'https://mcp.example/interaction/callback';

function connect() {
  const now = () => noon * 1000;
  const idp = createFakeIdp({ issuer: acme, now });
  const exchange = createLocalExchange({
    issuers: [
      {
        issuer: acme,
        tenant: 'acme',
        profile: 'generic',
        audiences: [resource],
        credential: { kind: 'client_secret_post', clientId: resource, clientSecret: 's' },
        tokenEndpoint: idp.tokenEndpoint,
        jwksUri: `${acme}/jwks`,
      },
    ],
    targets: [expenses],
    policy: [
      { target: 'expenses-api', subjectScopes: ['expenses:read'], scopes: ['api:expenses.read'] },
      { target: 'expenses-api', machine: true, scopes: ['api:expenses.totals'] },
    ],
    redirectUris: [redirectUri],
    fetch: withLoginPage(idp.fetch),
    now,
    random: () => 'random',
  });
  return { idp, exchange };
}

/** The issuer, which says where its login page is. */
function withLoginPage(fetch: Fetch): Fetch {
  const metadata = {
    issuer: acme,
    authorization_endpoint: `${acme}/authorize`,
    token_endpoint: `${acme}/token`,
    jwks_uri: `${acme}/jwks`,
  };
  return async (url, init) =>
    String(url).includes('/.well-known/') ? Response.json(metadata) : await fetch(url, init);
}

const asked = { target: 'expenses-api', scopes: ['api:expenses.read'] };

describe('an exchange in this process', () => {
  it('validates the token of the user, exchanges it and keeps the answer', async () => {
    const { idp, exchange } = connect();
    const subjectToken = await idp.issuer.mint({ aud: resource });
    const first = await exchange.onBehalfOf({ ...asked, subjectToken });
    const second = await exchange.onBehalfOf({ ...asked, subjectToken });
    expect(first).toMatchObject({ source: 'exchange', scopes: ['api:expenses.read'] });
    expect(second).toMatchObject({ source: 'cache', accessToken: first.accessToken });
    expect(idp.requests).toHaveLength(1);
    await exchange.close();
  });

  it(verifies('tb:subject-check', 'refuses a token for another audience, and asks nobody'), async () => {
    const { idp, exchange } = connect();
    const subjectToken = await idp.issuer.mint({ aud: 'https://other.example/mcp' });
    await expect(exchange.onBehalfOf({ ...asked, subjectToken })).rejects.toMatchObject({
      code: 'invalid_token',
    });
    expect(idp.requests).toHaveLength(0);
  });

  it(verifies('tb:policy', 'refuses what no rule allows'), async () => {
    const { idp, exchange } = connect();
    const subjectToken = await idp.issuer.mint({ aud: resource });
    await expect(
      exchange.onBehalfOf({ ...asked, scopes: ['api:expenses.write'], subjectToken }),
    ).rejects.toMatchObject({ code: 'invalid_scope' });
  });

  it(verifies('tb:m2m', 'gets machine tokens too'), async () => {
    const { exchange } = connect();
    const token = await exchange.forMachine({ target: 'expenses-api', scopes: ['api:expenses.totals'] });
    expect(token.scopes).toEqual(['api:expenses.totals']);
  });

  it(
    verifies('sc:step-up', 'sends a user to a login with the own registration, and nobody else'),
    async () => {
      const { idp, exchange } = connect();
      const secrets = { redirectUri, state: 's', nonce: 'n', codeChallenge: 'c' };
      const login = async (claims: object, more: object = {}) => {
        const subjectToken = await idp.issuer.mint({ aud: resource, ...claims });
        return await exchange.interactions?.login({
          ...secrets,
          subjectToken,
          demand: { maxAge: 60 },
          ...more,
        });
      };
      const { searchParams } = new URL((await login({}))?.authorizationUrl ?? '');
      expect(Object.fromEntries(searchParams)).toMatchObject({
        client_id: resource,
        scope: 'openid profile',
        prompt: 'login',
        max_age: '60',
      });
      await expect(login({ aud: 'https://other.example/mcp' })).rejects.toMatchObject({
        code: 'invalid_token',
      });
      await expect(login({}, { redirectUri: 'https://evil.example/' })).rejects.toMatchObject({
        code: 'unauthorized_client',
      });
      await exchange.close();
    },
  );
});
