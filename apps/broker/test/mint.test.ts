import { generateKeyPairSync } from 'node:crypto';
import { verifies } from '@mcp-obo/testbed/verifies';
import { createValidator } from '@mcp-obo/validator';
import { describe, expect, it } from 'vitest';
import { claimsOf } from './fake-idp.ts';
import { createFixture, type Fixture } from './fixture.ts';
import { broker, brokerSettings } from './settings.ts';

const pem = () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

const rule = { clients: ['mcp-server'], target: 'ledger', tenants: ['acme', 'globex'] };

/** A broker that mints for `ledger`. */
async function mintingFixture(mint: object = { keys: [{ value: pem() }] }): Promise<Fixture> {
  const { targets, policy } = (await brokerSettings('', '')) as {
    targets: readonly { name: string }[];
    policy: { version: string; rules: readonly object[] };
  };
  return createFixture({
    config: {
      mint,
      targets: targets.map((target) => (target.name === 'ledger' ? { ...target, upstream: 'mint' } : target)),
      policy: { version: '1', rules: [...policy.rules, { ...rule, scopes: ['ledger.read'] }] },
    },
  });
}

/** An API that trusts the broker for users of acme, and finds its keys by discovery. */
function ledger({ app, acme, time }: Fixture) {
  return createValidator({
    issuers: [
      {
        issuer: `${broker}/acme`,
        tenant: 'acme',
        profile: 'broker',
        audiences: ['api://ledger'],
        vouchesFor: [acme.issuer],
      },
    ],
    fetch: async (url) => {
      const { statusCode, headers, payload } = await app.inject({
        method: 'GET',
        url: new URL(url).pathname,
      });
      return new Response(payload, {
        status: statusCode,
        headers: { 'content-type': String(headers['content-type']) },
      });
    },
    now: () => time.now * 1000,
  });
}

const asked = { audience: 'ledger', scope: 'ledger.read' };

describe('a broker that mints', () => {
  it(verifies('tb:mint', 'answers with a token that its discovery and its keys prove'), async () => {
    const fixture = await mintingFixture();
    const response = await fixture.exchange(asked);
    expect([response.statusCode, response.json()]).toEqual([
      200,
      {
        access_token: expect.any(String),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: 300,
        scope: 'ledger.read',
      },
    ]);
    expect(fixture.acme.requests).toHaveLength(0);
    const credential = { scheme: 'Bearer', method: 'GET', url: 'https://ledger.example' } as const;
    const grant = await ledger(fixture).validate({ ...credential, token: response.json().access_token });
    expect(grant).toMatchObject({
      issuer: `${broker}/acme`,
      tenant: 'acme',
      user: { issuer: fixture.acme.issuer, key: 'user-alice' },
      client: 'mcp-server',
      act: { sub: 'mcp-server', iss: `${broker}/acme` },
    });
  });

  it(
    verifies('tb:mint', 'signs as another issuer for each tenant, and neither passes for the other'),
    async () => {
      const fixture = await mintingFixture();
      const subject_token = await fixture.subject({}, fixture.globex);
      const { access_token: token } = (await fixture.exchange({ ...asked, subject_token })).json();
      expect(claimsOf(token)).toMatchObject({ iss: `${broker}/globex`, tenant: 'globex' });
      const credential = { scheme: 'Bearer', method: 'GET', url: 'https://ledger.example', token } as const;
      await expect(ledger(fixture).validate(credential)).rejects.toMatchObject({ reason: 'issuer' });
    },
  );

  it(verifies('tb:mint', 'publishes public keys alone, for five minutes of caching'), async () => {
    const fixture = await mintingFixture({ keys: [{ value: pem() }, { value: pem() }] });
    const response = await fixture.app.inject({ method: 'GET', url: '/jwks' });
    expect(response.headers).toMatchObject({
      'content-type': expect.stringContaining('application/jwk-set+json'),
      'cache-control': 'public, max-age=300',
    });
    const { keys } = response.json();
    expect(keys).toHaveLength(2);
    for (const key of keys)
      expect(key).toEqual({
        kty: 'OKP',
        crv: 'Ed25519',
        x: expect.any(String),
        kid: expect.any(String),
        alg: 'EdDSA',
        use: 'sig',
      });
  });

  it(verifies('tb:mint', 'has metadata of each issuer it signs as (RFC 8414 §3)'), async () => {
    const { app } = await mintingFixture();
    const url = '/.well-known/oauth-authorization-server/acme';
    expect((await app.inject({ method: 'GET', url })).json()).toMatchObject({
      issuer: `${broker}/acme`,
      jwks_uri: `${broker}/jwks`,
      token_endpoint: `${broker}/acme/oauth2/v2.0/token`,
    });
  });

  it(verifies(['tb:mint', 'op:redaction'], 'writes no token and no key into audit or log'), async () => {
    const key = pem();
    const fixture = await mintingFixture({ keys: [{ value: key }] });
    const { access_token: token } = (await fixture.exchange(asked)).json();
    const written = [...fixture.log, ...fixture.audit].join('\n');
    expect(written).toContain('"target":"ledger"');
    for (const secret of [token, token.split('.')[2], key.split('\n')[1]])
      expect(written).not.toContain(secret);
  });
});
