import { randomUUID } from 'node:crypto';
import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessTokenType, tokenExchangeGrant } from '../token-type.ts';
import type { Act } from './access-token.ts';
import { type Auth0Double, type MintAuth0Token, startAuth0Double } from './double.ts';
import { auth0Ids, exampleAuth0Tenant } from './example-tenant.ts';
import { type Auth0Reason, auth0Refusals } from './refusal.ts';

const key = createSigningKey('RS256', 'mcp-1');
let auth0: Auth0Double;

beforeAll(async () => {
  const jwks = { keys: [{ kty: 'RSA', ...key.jwk }] };
  auth0 = await startAuth0Double({ tenant: exampleAuth0Tenant({ jwks }) });
});

beforeEach(() => auth0.setBehaviour(undefined));

afterAll(() => auth0.close());

async function post(parameters: Record<string, string>) {
  const response = await fetch(auth0.tokenEndpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(parameters),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

const alicesToken = (over: Partial<MintAuth0Token> = {}) =>
  auth0.mintUserToken({
    user: auth0Ids.alice,
    api: auth0Ids.mcpApi,
    client: auth0Ids.desktopClient,
    scopes: ['mcp:tools:execute'],
    ...over,
  });

async function exchange(over: Record<string, string> = {}): Promise<Record<string, string>> {
  return {
    grant_type: tokenExchangeGrant,
    client_id: auth0Ids.mcpServer,
    client_secret: 'example-secret',
    subject_token: await alicesToken(),
    subject_token_type: accessTokenType,
    requested_token_type: accessTokenType,
    audience: auth0Ids.expensesApi,
    scope: 'api:expenses.read',
    ...over,
  };
}

const chain = (length: number): Act =>
  length === 1 ? { sub: 'actor-1' } : { sub: `actor-${length}`, act: chain(length - 1) };

describe('the Auth0 double', () => {
  it('exchanges on behalf of the user and writes both actors', async () => {
    const { status, body } = await post(await exchange());
    expect({ status, ...body }).toEqual({
      status: 200,
      access_token: expect.any(String),
      expires_in: 3600,
      token_type: 'Bearer',
      issued_token_type: accessTokenType,
    });
    const token = String(body.access_token);
    expect(decodeProtectedHeader(token).typ).toBe('at+jwt');
    expect(decodeJwt(token)).toMatchObject({
      iss: `${auth0.url}/`,
      sub: auth0Ids.alice,
      aud: auth0Ids.expensesApi,
      client_id: auth0Ids.mcpServer,
      scope: 'api:expenses.read',
      permissions: ['api:expenses.read', 'api:expenses.write'],
      act: { sub: auth0Ids.mcpServer, act: { sub: auth0Ids.desktopClient } },
    });
  });

  it('says which scopes it granted when they differ from the request', async () => {
    const request = await exchange({ scope: 'api:expenses.read api:expenses.admin' });
    expect((await post(request)).body.scope).toBe('api:expenses.read');
  });

  it('writes its own dialect with azp and without jti', async () => {
    const other = await startAuth0Double({ tenant: exampleAuth0Tenant({ dialect: 'access_token' }) });
    const token = await other.mintUserToken({
      user: auth0Ids.alice,
      api: auth0Ids.mcpApi,
      client: auth0Ids.desktopClient,
      scopes: ['mcp:tools:execute'],
    });
    await other.close();
    expect(decodeProtectedHeader(token).typ).toBe('JWT');
    const claims = decodeJwt(token);
    expect(claims.azp).toBe(auth0Ids.desktopClient);
    expect(claims).not.toHaveProperty('jti');
    expect(claims).not.toHaveProperty('permissions');
  });

  it('gives a machine token whose subject is the client', async () => {
    const { grant_type: _, ...rest } = await exchange({ scope: 'api:expenses.totals' });
    const { body } = await post({ ...rest, grant_type: 'client_credentials' });
    expect(decodeJwt(String(body.access_token)).sub).toBe(`${auth0Ids.mcpServer}@clients`);
  });

  it.each<[Auth0Reason, string, () => Promise<Record<string, string>>]>([
    ['wrong_credentials', 'a wrong secret', () => exchange({ client_secret: 'guess' })],
    [
      'wrong_assertion',
      'a client assertion of nobody',
      async () => {
        const { client_secret: _, ...rest } = await exchange({ client_assertion: 'a.b.c' });
        return rest;
      },
    ],
    [
      'missing_parameter',
      'no requested_token_type',
      async () => {
        const { requested_token_type: _, ...rest } = await exchange();
        return rest;
      },
    ],
    [
      'missing_parameter',
      'no audience',
      async () => {
        const { audience: _, ...rest } = await exchange();
        return rest;
      },
    ],
    ['unsupported_grant', 'an unknown grant', () => exchange({ grant_type: 'other' })],
    [
      'exchange_not_allowed',
      'a client that is no Custom API client',
      () => exchange({ client_id: auth0Ids.desktopClient, client_secret: 'desktop-secret' }),
    ],
    [
      'wrong_subject',
      'a subject token for another API',
      async () => exchange({ subject_token: await alicesToken({ api: auth0Ids.expensesApi }) }),
    ],
    [
      'wrong_subject',
      'an expired subject token',
      async () => exchange({ subject_token: await alicesToken({ lifetime: -1 }) }),
    ],
    ['unknown_audience', 'an unknown API', () => exchange({ audience: 'api://unknown' })],
    ['no_client_grant', 'an API without a client grant', () => exchange({ audience: auth0Ids.mcpApi })],
    [
      'no_permission',
      'scopes the user has no role for',
      async () =>
        exchange({ subject_token: await alicesToken({ user: auth0Ids.bob }), scope: 'api:expenses.write' }),
    ],
    [
      'chain_too_long',
      'a fifth nested actor',
      async () => exchange({ subject_token: await alicesToken({ act: chain(5) }) }),
    ],
  ])('answers %s to %s', async (reason, _case, request) => {
    const { status, ...body } = auth0Refusals[reason];
    expect(await post(await request())).toMatchObject({ status, body });
  });

  it('takes a chain of four actors and puts the client in front', async () => {
    const { body } = await post(await exchange({ subject_token: await alicesToken({ act: chain(4) }) }));
    expect(decodeJwt(String(body.access_token)).act).toEqual({ sub: auth0Ids.mcpServer, act: chain(4) });
  });

  it('takes a client assertion for its issuer, once, with an id, and for five minutes at most', async () => {
    const send = async (over: Record<string, unknown>) => {
      const now = Math.floor(Date.now() / 1000);
      const claims = { aud: auth0.issuer, jti: randomUUID(), exp: now + 60, ...over };
      const client_assertion = await new SignJWT({
        iss: auth0Ids.mcpServer,
        sub: auth0Ids.mcpServer,
        ...claims,
      })
        .setProtectedHeader({ alg: 'RS256', kid: key.kid })
        .sign(key.privateKey);
      const { client_secret: _, ...request } = await exchange({ client_assertion });
      return (await post(request)).status;
    };
    expect(await send({ jti: 'once' })).toBe(200);
    expect(await send({ jti: 'once' })).toBe(401);
    expect(await send({ jti: undefined })).toBe(401);
    expect(await send({ aud: auth0.tokenEndpoint })).toBe(401);
    expect(await send({ exp: Math.floor(Date.now() / 1000) + 400 })).toBe(401);
  });

  it('limits without Retry-After', async () => {
    auth0.setBehaviour({ refuse: 'too_many_requests' });
    const { status, headers } = await post(await exchange());
    expect([status, headers.get('retry-after')]).toEqual([429, null]);
    expect(Number(headers.get('x-ratelimit-reset'))).toBeGreaterThan(Date.now() / 1000);
  });
});
