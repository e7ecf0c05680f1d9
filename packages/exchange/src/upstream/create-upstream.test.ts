import { generateKeyPairSync } from 'node:crypto';
import { entra, generic, keycloak } from '@mcp-obo/idp-profile';
import { verifies } from '@mcp-obo/testbed/verifies';
import { jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { asked, connect, form, issuer, secret } from '../../test/connect-upstream.ts';
import { noon } from '../../test/setup.ts';
import { createUpstream } from './create-upstream.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('the on-behalf-of request of Entra', () => {
  it(
    verifies('tb:upstream-entra', 'has the parameters of the on-behalf-of flow, as MSAL sends them'),
    async () => {
      const { idp, upstream } = connect({ profile: entra });
      await upstream.exchange({ ...asked, claims: '{"access_token":{}}' });
      expect(form(idp)).toEqual({
        client_id: 'https://a.example/mcp',
        client_secret: 's',
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        requested_token_use: 'on_behalf_of',
        assertion: 'subject-token',
        scope:
          'api://expenses/api:expenses.read api://expenses/api:expenses.write openid profile offline_access',
        client_info: '1',
        claims: '{"access_token":{}}',
      });
    },
  );

  it(verifies('tb:upstream-entra', 'asks for all application permissions by /.default'), async () => {
    const { idp, upstream } = connect({ profile: entra });
    await upstream.clientCredentials(asked);
    expect(form(idp)).toMatchObject({ grant_type: 'client_credentials', scope: 'api://expenses/.default' });
  });

  it('cannot carry an actor token', async () => {
    const { upstream } = connect({ profile: entra });
    await expect(upstream.exchange({ ...asked, actorToken: 'x' })).rejects.toMatchObject({
      code: 'invalid_request',
      reason: 'actor_unsupported',
    });
  });
});

describe('the differences of RFC 8693 servers', () => {
  it.each([
    ['audience', { audience: 'api://expenses' }],
    ['resource', { resource: 'https://api.example/' }],
    ['scope', {}],
  ] as const)(
    verifies('tb:upstream-8693', 'are data: the target is named by %s'),
    async (targetParameter, named) => {
      const profile = { ...generic, exchange: { ...generic.exchange, targetParameter } };
      const { idp, upstream } = connect({ profile });
      await upstream.exchange({ ...asked, resource: 'https://api.example/' });
      const { audience, resource } = form(idp);
      expect({ ...(audience && { audience }), ...(resource && { resource }) }).toEqual(named);
    },
  );
});

describe('the credential that is shown', () => {
  it(verifies('tb:upstream-credential', "is the calling client's own, and never another's"), async () => {
    const other = { ...secret, clientId: 'https://b.example/mcp', clientSecret: 'secret-of-b' };
    const { idp, upstream } = connect({ credentials: { a: secret, b: other } });
    await upstream.exchange({ ...asked, client: 'b' });
    await upstream.exchange({ ...asked, client: 'a' });
    expect([form(idp, 0), form(idp, 1)]).toMatchObject([
      { client_id: 'https://b.example/mcp', client_secret: 'secret-of-b' },
      { client_id: 'https://a.example/mcp', client_secret: 's' },
    ]);
  });

  it.each(['stranger', '__proto__', 'constructor', ''])(
    verifies('tb:upstream-credential', 'is none for the client %j, which has none there'),
    async (client) => {
      const { idp, upstream } = connect();
      expect(upstream.registration(client)).toBeUndefined();
      await expect(upstream.exchange({ ...asked, client })).rejects.toMatchObject({
        code: 'unauthorized_client',
      });
      await expect(upstream.clientCredentials({ ...asked, client })).rejects.toMatchObject({
        code: 'unauthorized_client',
      });
      expect(idp.requests).toHaveLength(0);
    },
  );

  it('is form-urlencoded in the Basic scheme (RFC 6749 §2.3.1)', async () => {
    const { idp, upstream } = connect({ credentials: { a: { ...secret, kind: 'client_secret_basic' } } });
    await upstream.exchange(asked);
    const [scheme, value = ''] = (idp.requests[0]?.headers.get('authorization') ?? '').split(' ');
    expect(scheme).toBe('Basic');
    const halves = Buffer.from(value, 'base64').toString().split(':');
    expect(halves.map(decodeURIComponent)).toEqual(['https://a.example/mcp', 's']);
    expect(form(idp)).not.toHaveProperty('client_secret');
  });

  it.each([
    ['RSA', rsa, { kid: 'k1' }, { alg: 'RS256', kid: 'k1', typ: 'JWT' }],
    ['EC', ec, {}, { alg: 'ES256', typ: 'JWT' }],
    ['a certificate', rsa, { x5tS256: 'thumb' }, { alg: 'PS256', 'x5t#S256': 'thumb', typ: 'JWT' }],
  ])('can be an assertion signed with %s (RFC 7523 §3)', async (_what, pair, more, header) => {
    const credential = {
      kind: 'private_key_jwt',
      clientId: 'a-client',
      key: pair.privateKey,
      ...more,
    } as const;
    const { idp, upstream } = connect({ credentials: { a: credential } });
    await upstream.exchange(asked);
    const sent = form(idp);
    expect(sent.client_assertion_type).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    const verified = await jwtVerify(sent.client_assertion ?? '', pair.publicKey, {
      currentDate: new Date(noon * 1000),
    });
    expect(verified.protectedHeader).toEqual(header);
    expect(verified.payload).toEqual({
      iss: 'a-client',
      sub: 'a-client',
      aud: issuer,
      jti: 'random-1',
      iat: noon,
      nbf: noon,
      exp: noon + 60,
    });
  });

  it('is a fresh assertion each time where it may not be sent again', async () => {
    const credential = { kind: 'private_key_jwt', clientId: 'a', key: ec.privateKey } as const;
    const { idp, upstream } = connect({ profile: keycloak, credentials: { a: credential } });
    await upstream.exchange(asked);
    await upstream.exchange(asked);
    expect(form(idp, 0).client_assertion).not.toBe(form(idp, 1).client_assertion);
  });

  it('is one assertion for nine minutes of its ten where it may (Entra)', async () => {
    const credential = { kind: 'private_key_jwt', clientId: 'a', key: rsa.privateKey, x5tS256: 't' } as const;
    const { idp, upstream, time } = connect({ profile: entra, credentials: { a: credential } });
    for (const second of [0, 539, 540]) {
      time.now = noon + second;
      await upstream.exchange(asked);
    }
    const sent = idp.requests.map(({ form }) => form.get('client_assertion'));
    expect(sent[0]).toBe(sent[1]);
    expect(sent[1]).not.toBe(sent[2]);
  });

  it('is a federated assertion, asked for anew each time', async () => {
    let issued = 0;
    const credential = {
      kind: 'federated',
      clientId: 'a',
      assertion: async () => `workload-${++issued}`,
    } as const;
    const { idp, upstream } = connect({ profile: entra, credentials: { a: credential } });
    await upstream.exchange(asked);
    await upstream.exchange(asked);
    expect(idp.requests.map(({ form }) => form.get('client_assertion'))).toEqual([
      'workload-1',
      'workload-2',
    ]);
  });

  it('is refused at start when its key cannot sign', () => {
    const credentials = { a: { kind: 'private_key_jwt', clientId: 'a', key: ec.publicKey } as const };
    expect(() => connect({ credentials })).toThrow(TypeError);
  });
});

describe('the token endpoint', () => {
  it('is found by discovery, once', async () => {
    const { idp, upstream } = connect({ discovered: true });
    await Promise.all([upstream.exchange(asked), upstream.exchange(asked)]);
    await upstream.exchange(asked);
    expect(idp.requests).toHaveLength(3);
    expect([...idp.issuer.requests.values()].reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it('is looked for again after discovery failed', async () => {
    const { idp, upstream } = connect({ discovered: true });
    idp.issuer.faults.set('error');
    await expect(upstream.exchange(asked)).rejects.toMatchObject({ code: 'temporarily_unavailable' });
    idp.issuer.faults.set(undefined);
    await expect(upstream.exchange(asked)).resolves.toMatchObject({ accessToken: 'token' });
  });

  it.each(['http://idp.example/token', 'ftp://idp.example/token', 'http://127.0.0.1.evil.example/token'])(
    'is refused at start when it is %s',
    (tokenEndpoint) => {
      const options = {
        issuer,
        tenant: 'acme',
        profile: generic,
        credentials: {},
        now: () => 0,
        random: () => '',
      };
      expect(() => createUpstream({ ...options, tokenEndpoint, fetch: () => Promise.reject() })).toThrow(
        TypeError,
      );
    },
  );
});
