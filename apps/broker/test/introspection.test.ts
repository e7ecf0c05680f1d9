import { nothingRevoked } from '@mcp-obo/revocation';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { createIntrospectionEndpoint } from '../src/revocation/introspection-endpoint.ts';
import { asMcpServer, asReports, basic, createFixture, type Form, noon } from './fixture.ts';
import { brokerSettings, mcp } from './settings.ts';

const asApi = { authorization: basic('expenses-api', 'secret of the API') };

/** A broker at which the API is a client too: the owner of what the tokens that are obtained are for. */
async function createIntrospecting() {
  const settings = await brokerSettings('https://idp.example/acme', 'https://idp.example/globex');
  const api = {
    id: 'expenses-api',
    auth: { method: 'client_secret', secret: { value: 'secret of the API' } },
  };
  const resource = { uri: 'api://expenses', owner: 'expenses-api', tenants: ['acme'] };
  const fixture = await createFixture({
    config: {
      clients: [...(settings.clients as object[]), api],
      resources: [...(settings.resources as object[]), resource],
    },
  });
  return {
    ...fixture,
    introspect: async (form: Form, headers: Readonly<Record<string, string>> = asMcpServer) => {
      const answer = await fixture.post(form, { url: '/introspect', headers });
      return { status: answer.statusCode, body: answer.json(), headers: answer.headers };
    },
  };
}

const inactive = { status: 200, body: { active: false } };

describe('POST /introspect (RFC 7662)', () => {
  it('tells a server what a token for it grants', async () => {
    const { subject, introspect, acme } = await createIntrospecting();
    const token = await subject({ jti: 'of alice', sid: 's', act: { sub: 'agent' }, acr: '2' });
    const { status, body, headers } = await introspect({ token });
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      active: true,
      iss: acme.issuer,
      sub: 'user-alice',
      aud: mcp,
      client_id: 'inspector',
      scope: expect.stringContaining('expenses:read'),
      jti: 'of alice',
      sid: 's',
      acr: '2',
      act: { sub: 'agent' },
      exp: noon + 300,
      iat: noon,
      token_type: 'Bearer',
    });
  });

  it('tells the API of a token that the broker obtained, and who acts', async () => {
    const { exchange, introspect } = await createIntrospecting();
    const token = (await exchange({})).json().access_token;
    expect((await introspect({ token }, asApi)).body).toMatchObject({
      active: true,
      sub: 'user-alice',
      aud: 'api://expenses',
      act: { sub: mcp },
    });
  });

  it('says nothing of a token that is for somebody else', async () => {
    const { subject, exchange, introspect } = await createIntrospecting();
    const own = await subject();
    const obtained = (await exchange({})).json().access_token;
    expect(await introspect({ token: own }, asReports)).toMatchObject(inactive);
    expect(await introspect({ token: own }, asApi)).toMatchObject(inactive);
    expect(await introspect({ token: obtained }, asMcpServer)).toMatchObject(inactive);
  });

  it.each<readonly [string, (token: string) => string]>([
    ['nonsense', () => 'nonsense'],
    ['of another signature', (token) => `${token.slice(0, -4)}AAAA`],
  ])('says of a token that is %s that it is not active, and not why', async (_what, change) => {
    const { subject, introspect } = await createIntrospecting();
    const { status, body } = await introspect({ token: change(await subject()) });
    expect({ status, body }).toEqual(inactive);
  });

  it('says so of one that has expired', async () => {
    const { subject, introspect, time } = await createIntrospecting();
    const token = await subject();
    expect((await introspect({ token })).body.active).toBe(true);
    time.now += 331;
    expect((await introspect({ token })).body).toEqual({ active: false });
  });

  it(
    verifies('tb:revocation', 'says so of one that is revoked, and of what was obtained with it'),
    async () => {
      const { subject, exchange, post, introspect } = await createIntrospecting();
      const token = await subject();
      const obtained = (await exchange({ subject_token: token })).json().access_token;
      expect((await introspect({ token: obtained }, asApi)).body.active).toBe(true);
      await post({ token }, { url: '/revoke' });
      expect((await introspect({ token })).body).toEqual({ active: false });
      expect((await introspect({ token: obtained }, asApi)).body).toEqual({ active: false });
    },
  );

  it.each<readonly [string, Form, Readonly<Record<string, string>>, number, string]>([
    ['I02: nobody', { token: 'x' }, { authorization: '' }, 401, 'invalid_client'],
    [
      'I02: a wrong secret',
      { token: 'x' },
      { authorization: basic('mcp-server', 'x') },
      401,
      'invalid_client',
    ],
    ['who sends no token', {}, asMcpServer, 400, 'invalid_request'],
  ])('refuses %s', async (_who, form, headers, status, error) => {
    const { introspect } = await createIntrospecting();
    const answer = await introspect(form, headers);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });

  it('refuses a token in the URL (§4)', async () => {
    const { post } = await createIntrospecting();
    expect((await post({ token: 'x' }, { url: '/introspect?token=x' })).statusCode).toBe(400);
  });
});

it(verifies('rs:revocation-view', 'introspection is 503 while a revocation may be missing'), async () => {
  const grant = { audience: [mcp] } as never;
  const introspect = createIntrospectionEndpoint({
    authenticate: async () => ({ id: 'mcp-server' }) as never,
    recognise: async () => ({ grant, origin: 'subject' }),
    registry: { ownerOf: () => 'mcp-server' } as never,
    revocations: { ...nothingRevoked, isFresh: () => false },
  });
  const request = { query: [], body: 'token=x', authorization: [] };
  await expect(introspect(request)).rejects.toMatchObject({ status: 503, retryAfter: 5 });
});
