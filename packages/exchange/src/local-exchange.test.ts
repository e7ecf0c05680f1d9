import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createFakeIdp } from '../test/fake-idp.ts';
import { acme, expenses, noon, resource } from '../test/setup.ts';
import { createLocalExchange } from './local-exchange.ts';

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
    fetch: idp.fetch,
    now,
    random: () => 'random',
  });
  return { idp, exchange };
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
});
