import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLoginBrowser } from '../src/login.ts';
import { mcp, redirectUri, startTestIdp, type TestIdp } from './idp.ts';

let idp: TestIdp;
let documents: Server;
let documentUrl: string;
let document: Record<string, unknown>;
let fetches = 0;
let authority: string;

beforeAll(async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  authority = cert;
  documents = createServer({ cert, key }, (_request, response) => {
    fetches += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => documents.listen(0, '127.0.0.1', resolve));
  documentUrl = `https://127.0.0.1:${(documents.address() as AddressInfo).port}/agent.json`;
  document = {
    client_id: documentUrl,
    client_name: 'Documented agent',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    scope: 'expenses:read',
  };
  idp = await startTestIdp({ trustedCa: cert });
});
afterAll(async () => {
  await idp.close();
  documents.close();
});

const register = async (metadata: Record<string, unknown>) => {
  const response = await fetch(`${idp.issuer()}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'http://localhost:6274' },
    body: JSON.stringify(metadata),
  });
  return { response, body: (await response.json()) as Record<string, unknown> };
};

describe('dynamic client registration (RFC 7591)', () => {
  it('is open to a public client with a loopback redirect, from a browser too', async () => {
    const { response, body } = await register({
      client_name: 'Some agent',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(body).toMatchObject({ client_id: expect.any(String), client_name: 'Some agent' });
    expect(body.client_secret).toBeUndefined();
  });

  it('drops scope, so that a later step-up is not refused', async () => {
    const { body } = await register({
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      scope: 'expenses:read',
    });
    expect(body.scope).toBeUndefined();
    const client_id = String(body.client_id);
    const tokens = await idp.logIn({ client_id, scope: 'expenses:read expenses:write' });
    expect(tokens.scope).toBe('expenses:read expenses:write');
    expect(tokens.refresh_token).toEqual(expect.any(String));
  });

  it.each([
    ['https', ['https://agent.example/callback']],
    ['a private scheme', ['com.example.agent:/callback']],
    ['localhost', ['http://localhost:6274/oauth/callback']],
    ['IPv6 loopback', ['http://[::1]:6274/callback']],
  ])('takes a redirect to %s', async (_case, redirect_uris) => {
    expect((await register({ redirect_uris, token_endpoint_auth_method: 'none' })).response.status).toBe(201);
  });

  it.each([
    ['plain http elsewhere', { redirect_uris: ['http://agent.example/callback'] }, 'invalid_redirect_uri'],
    ['a script', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['a fragment', { redirect_uris: ['https://agent.example/#x'] }, 'invalid_redirect_uri'],
    ['no redirect', { redirect_uris: [] }, 'invalid_redirect_uri'],
    [
      'plain http elsewhere, called a web client',
      { application_type: 'web', redirect_uris: ['http://agent.example/callback'] },
      'invalid_redirect_uri',
    ],
    [
      'grants that need an administrator',
      { redirect_uris: [redirectUri], grant_types: ['client_credentials'] },
      'invalid_client_metadata',
    ],
  ])('refuses %s', async (_case, metadata, error) => {
    const { response, body } = await register({ token_endpoint_auth_method: 'none', ...metadata });
    expect({ status: response.status, error: body.error }).toEqual({ status: 400, error });
  });

  it('leaves grants that need an administrator out of a longer list', async () => {
    const { body } = await register({
      redirect_uris: [redirectUri],
      grant_types: [
        'authorization_code',
        'urn:ietf:params:oauth:grant-type:token-exchange',
        'client_credentials',
      ],
      token_endpoint_auth_method: 'client_secret_post',
    });
    expect(body.grant_types).toEqual(['authorization_code']);
    const answer = await idp.token({
      grant_type: 'client_credentials',
      client_id: String(body.client_id),
      client_secret: String(body.client_secret),
      resource: mcp,
      scope: 'expenses:read',
    });
    expect(answer.body.access_token).toBeUndefined();
  });
});

describe('client ID metadata document', () => {
  it('is read from loopback under the trusted authority, once, and its scope is no ceiling', async () => {
    const browser = createLoginBrowser();
    const tokens = await idp.logIn(
      { client_id: documentUrl, scope: 'expenses:read expenses:write' },
      { browser },
    );
    expect(tokens.scope).toBe('expenses:read expenses:write');
    await idp.logIn({ client_id: documentUrl });
    expect(fetches).toBe(1);
  });

  it('that names another client id is refused with a page, because there is no redirect to trust', async () => {
    const other = documentUrl.replace('agent.json', 'other.json');
    const response = await fetch(idp.authorizationUrl({ client_id: other }), { redirect: 'manual' });
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
  });

  it('is not read over plain http', async () => {
    const response = await fetch(idp.authorizationUrl({ client_id: documentUrl.replace('https', 'http') }), {
      redirect: 'manual',
    });
    expect(response.status).toBe(400);
  });
});

describe('whose documents are read', () => {
  const publicDocument = 'https://client.example/agent.json';

  /** A provider in this mode that has no way to the internet. */
  async function offline(cimd: 'off' | 'loopback' | 'on') {
    const asked: string[] = [];
    const provider = await startTestIdp({
      cimd,
      trustedCa: authority,
      fetch: async (url) => {
        asked.push(String(url));
        throw new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND client.example') });
      },
    });
    const answer = async (client_id: string) => {
      const response = await fetch(provider.authorizationUrl({ client_id }), { redirect: 'manual' });
      return { status: response.status, page: await response.text() };
    };
    const metadata = async () =>
      (await (await fetch(`${provider.issuer()}/.well-known/openid-configuration`)).json()) as Record<
        string,
        unknown
      >;
    return { asked, answer, metadata, close: () => provider.close() };
  }

  it.each([
    ['on', true, 303, [publicDocument]],
    ['loopback', true, 303, []],
    ['off', undefined, 400, []],
  ] as const)('with %s', async (mode, announced, ownMachine, asked) => {
    const provider = await offline(mode);
    try {
      expect((await provider.metadata()).client_id_metadata_document_supported).toBe(announced);
      expect((await provider.answer(documentUrl)).status).toBe(ownMachine);
      expect((await provider.answer(publicDocument)).status).toBe(400);
      expect([...new Set(provider.asked)]).toEqual(asked);
    } finally {
      await provider.close();
    }
  });

  it.each(['on', 'loopback'] as const)(
    'with %s, a client whose document cannot be read is told what to do',
    async (mode) => {
      const provider = await offline(mode);
      try {
        const { page } = await provider.answer(publicDocument);
        expect(page).toContain(`its document ${publicDocument}, which could not be read from here`);
        expect(page).toContain('npm start -- --cimd off');
      } finally {
        await provider.close();
      }
    },
  );
});
