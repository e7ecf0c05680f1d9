import { randomUUID } from 'node:crypto';
import { createSigningKey } from '@mcp-obo/testbed/issuer';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accessTokenType, tokenExchangeGrant } from '../token-type.ts';
import { type OktaDouble, startOktaDouble } from './double.ts';
import { exampleOrganization, oktaIds } from './example-organization.ts';

const key = createSigningKey('RS256', 'mcp-1');
const basic = `Basic ${Buffer.from(`${oktaIds.mcpServer}:example-secret`).toString('base64')}`;
let okta: OktaDouble;

beforeAll(async () => {
  okta = await startOktaDouble({
    organization: exampleOrganization({ jwks: { keys: [{ kty: 'RSA', ...key.jwk }] } }),
  });
});

beforeEach(() => okta.setBehaviour(undefined));

afterAll(() => okta.close());

async function post(
  parameters: Record<string, string>,
  { server = oktaIds.apiAuthorizationServer as string, authorization = basic as string | null } = {},
) {
  const response = await fetch(okta.tokenEndpoint(server), {
    method: 'POST',
    body: new URLSearchParams(parameters),
    ...(authorization === null ? {} : { headers: { authorization } }),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

const alicesToken = (over: { server?: string; lifetime?: number } = {}) =>
  okta.mintUserToken({
    user: oktaIds.alice,
    server: oktaIds.mcpAuthorizationServer,
    client: oktaIds.desktopClient,
    scopes: ['mcp:tools:execute'],
    ...over,
  });

async function exchange(over: Record<string, string> = {}): Promise<Record<string, string>> {
  return {
    grant_type: tokenExchangeGrant,
    subject_token: await alicesToken(),
    subject_token_type: accessTokenType,
    scope: 'api:expenses.read',
    audience: 'api://expenses',
    ...over,
  };
}

describe('the Okta double', () => {
  it('exchanges a token of a trusted server for one of its own', async () => {
    const { status, body } = await post(await exchange());
    expect({ status, ...body }).toEqual({
      status: 200,
      token_type: 'Bearer',
      expires_in: 3600,
      access_token: expect.any(String),
      scope: 'api:expenses.read',
      issued_token_type: accessTokenType,
    });
    const token = String(body.access_token);
    expect(decodeProtectedHeader(token)).not.toHaveProperty('typ');
    expect(decodeJwt(token)).toMatchObject({
      ver: 1,
      iss: okta.issuerOf(oktaIds.apiAuthorizationServer),
      aud: 'api://expenses',
      cid: oktaIds.mcpServer,
      uid: oktaIds.alice,
      sub: 'alice@acme.example',
      scp: ['api:expenses.read'],
    });
  });

  it.each<[string, string, number, () => Promise<Record<string, string>>]>([
    [
      'an expired subject token',
      'invalid_grant',
      400,
      async () => exchange({ subject_token: await alicesToken({ lifetime: -1 }) }),
    ],
    ['a subject token that is none', 'invalid_grant', 400, () => exchange({ subject_token: 'opaque' })],
    [
      'another kind of subject token',
      'invalid_request',
      400,
      () => exchange({ subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }),
    ],
    ['an audience of another server', 'invalid_target', 400, () => exchange({ audience: 'api://other' })],
    [
      'a scope of OpenID Connect',
      'invalid_scope',
      400,
      () => exchange({ scope: 'openid api:expenses.read' }),
    ],
    ['offline_access', 'invalid_scope', 400, () => exchange({ scope: 'offline_access' })],
    ['a scope no policy allows', 'access_denied', 400, () => exchange({ scope: 'api:expenses.admin' })],
    ['an unknown grant', 'unsupported_grant_type', 400, () => exchange({ grant_type: 'other' })],
    [
      'two ways of client authentication',
      'invalid_request',
      400,
      () => exchange({ client_secret: 'example-secret' }),
    ],
  ])('answers %s with %s', async (_case, error, status, request) => {
    const answer = await post(await request());
    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });

  it('does not take a token of a server it does not trust', async () => {
    const subjectToken = await alicesToken({ server: oktaIds.apiAuthorizationServer });
    const request = await exchange({ subject_token: subjectToken, scope: 'expenses:read', audience: '' });
    const { body } = await post(request, { server: oktaIds.mcpAuthorizationServer });
    expect(body.error).toBe('invalid_grant');
  });

  it('refuses a wrong secret, no credentials and a client without the grant', async () => {
    const as = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
    const request = await exchange();
    const wrong = await post(request, { authorization: as(oktaIds.mcpServer, 'guess') });
    const none = await post(request, { authorization: null });
    const native = await post(request, { authorization: as(oktaIds.desktopClient, 'desktop-secret') });
    expect([wrong, none, native].map(({ status, body }) => [status, body.error])).toEqual([
      [401, 'invalid_client'],
      [401, 'invalid_client'],
      [400, 'unauthorized_client'],
    ]);
  });

  it('takes a client assertion for its token endpoint, once, and for an hour at most', async () => {
    const send = async (over: { aud?: string; jti?: string; life?: number } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const {
        aud = okta.tokenEndpoint(oktaIds.apiAuthorizationServer),
        jti = randomUUID(),
        life = 60,
      } = over;
      const claims = { iss: oktaIds.mcpServer, sub: oktaIds.mcpServer, aud, jti, exp: now + life };
      const client_assertion = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: key.kid })
        .sign(key.privateKey);
      const request = await exchange({ client_assertion });
      return (await post(request, { authorization: null })).status;
    };
    expect(await send({ jti: 'once' })).toBe(200);
    expect(await send({ jti: 'once' })).toBe(401);
    expect(await send({ aud: 'https://other.example' })).toBe(401);
    expect(await send({ life: 3700 })).toBe(401);
  });

  it('gives a machine token without uid, the client as its subject', async () => {
    const { body } = await post({ grant_type: 'client_credentials', scope: 'api:expenses.totals' });
    const claims = decodeJwt(String(body.access_token));
    expect(claims).toMatchObject({ sub: oktaIds.mcpServer, cid: oktaIds.mcpServer });
    expect(claims).not.toHaveProperty('uid');
  });

  it('speaks in error codes of its API when the matter is not OAuth', async () => {
    expect((await post(await exchange(), { server: 'ausunknown' })).body).toMatchObject({
      errorCode: 'E0000007',
      errorCauses: [],
    });
    okta.setBehaviour({ fault: 'E0000047' });
    const limited = await post(await exchange());
    expect([limited.status, limited.body.errorCode]).toEqual([429, 'E0000047']);
    expect(limited.headers.get('retry-after')).toBeNull();
    expect(Number(limited.headers.get('x-rate-limit-reset'))).toBeGreaterThan(Date.now() / 1000);
  });
});
