import { createHash, createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { inspect } from 'node:util';
import { exportJWK, SignJWT } from 'jose';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AadstsCode, aadsts } from './aadsts.ts';
import type { FederatedCredential } from './directory.ts';
import { type EntraDouble, startEntraDouble } from './double.ts';
import { entraIds, exampleEntraDirectory } from './example-directory.ts';

const start = Date.UTC(2026, 0, 5, 9, 0, 0);
let now = start;
let entra: EntraDouble;

const clusterKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let cluster: FederatedCredential;
let certificate: { cert: string; private: string };

beforeAll(async () => {
  cluster = {
    issuer: 'https://cluster.example',
    subject: 'system:serviceaccount:mcp:server',
    audience: 'api://AzureADTokenExchange',
    jwks: { keys: [{ ...(await exportJWK(clusterKeys.publicKey)), alg: 'ES256' }] },
  };
  certificate = await generate([{ name: 'commonName', value: 'mcp-server' }], { algorithm: 'sha256' });
  const directory = exampleEntraDirectory({
    secrets: [{ value: 'example-secret' }, { value: 'old-secret', expiresAt: start - 1 }],
    certificates: [certificate.cert],
    federatedCredentials: [cluster],
  });
  entra = await startEntraDouble({ directory, http: true, now: () => now });
});

beforeEach(() => {
  now = start;
  entra.setBehaviour(undefined);
});

afterAll(() => entra.close());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function post(parameters: Record<string, string>, tenant: string = entraIds.tenant): Promise<Answer> {
  const response = await fetch(entra.tokenEndpoint(tenant), {
    method: 'POST',
    body: new URLSearchParams(parameters),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

const alicesToken = (app: string = entraIds.mcpServer, lifetime?: number) =>
  entra.mintUserToken({
    user: entraIds.alice,
    app,
    ...(lifetime === undefined ? {} : { lifetime }),
  });

async function onBehalfOf(over: Record<string, string> = {}): Promise<Record<string, string>> {
  return {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    requested_token_use: 'on_behalf_of',
    client_id: entraIds.mcpServer,
    client_secret: 'example-secret',
    scope: 'api://expenses/api:expenses.read',
    assertion: await alicesToken(),
    ...over,
  };
}

async function withoutSecret(): Promise<Record<string, string>> {
  const { client_secret: _, ...rest } = await onBehalfOf();
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  return { ...rest, client_assertion_type: type };
}

async function appOnlyToken(): Promise<string> {
  const { body } = await post({
    grant_type: 'client_credentials',
    client_id: entraIds.mcpServer,
    client_secret: 'example-secret',
    scope: 'api://mcp-server/.default',
  });
  return String(body.access_token);
}

const cases: [AadstsCode, string, () => Promise<Record<string, string>>][] = [
  [
    50013,
    'an assertion with a foreign signature',
    async () => onBehalfOf({ assertion: await foreignToken() }),
  ],
  [50013, 'an assertion that is no JWT', () => onBehalfOf({ assertion: 'opaque' })],
  [500133, 'an expired assertion', async () => onBehalfOf({ assertion: await alicesToken(undefined, -1) })],
  [
    500131,
    'a token for another application',
    async () => onBehalfOf({ assertion: await alicesToken(entraIds.legacyApi) }),
  ],
  [7000114, 'an app-only token', async () => onBehalfOf({ assertion: await appOnlyToken() })],
  [65001, 'a scope nobody consented to', () => onBehalfOf({ scope: 'api://expenses/api:expenses.admin' })],
  [70011, 'a scope the API does not expose', () => onBehalfOf({ scope: 'api://expenses/nothing' })],
  [70011, 'scopes of two APIs', () => onBehalfOf({ scope: 'api://expenses/.default api://legacy/.default' })],
  [
    70011,
    '.default beside a scope',
    () => onBehalfOf({ scope: 'api://expenses/.default api://expenses/api:expenses.read' }),
  ],
  [500011, 'an unknown API', () => onBehalfOf({ scope: 'api://unknown/.default' })],
  [
    9010010,
    'a resource that is not the API of the scopes',
    () => onBehalfOf({ resource: 'http://mcp.example/mcp' }),
  ],
  [900144, 'no requested_token_use', () => onBehalfOf({ requested_token_use: '' })],
  [900144, 'no assertion', () => onBehalfOf({ assertion: '' })],
  [70003, 'an unknown grant type', () => onBehalfOf({ grant_type: 'urn:example:other' })],
  [700016, 'an unknown client', () => onBehalfOf({ client_id: entraIds.alice })],
  [7000215, 'a wrong secret', () => onBehalfOf({ client_secret: 'guess' })],
  [7000222, 'an expired secret', () => onBehalfOf({ client_secret: 'old-secret' })],
];

describe('the token endpoint of the Entra double', () => {
  it.each(cases)('answers AADSTS%i to %s', async (code, _case, request) => {
    const { status, body } = await post(await request());
    expect({ status, error: body.error, codes: body.error_codes }).toEqual({
      status: aadsts[code].status,
      error: aadsts[code].error,
      codes: [code],
    });
    expect(body.suberror).toBe('suberror' in aadsts[code] ? aadsts[code].suberror : undefined);
  });

  it('writes errors as Entra does', async () => {
    const request = await onBehalfOf({ client_secret: 'guess', 'client-request-id': 'correlation' });
    const { body } = await post(request);
    expect(body).toEqual({
      error: 'invalid_client',
      error_description: expect.stringMatching(
        /^AADSTS7000215: .+\r\nTrace ID: \S+\r\nCorrelation ID: correlation\r\nTimestamp: 2026-01-05 09:00:00Z$/,
      ),
      error_codes: [7000215],
      timestamp: '2026-01-05 09:00:00Z',
      trace_id: expect.stringMatching(/^[\da-f-]{36}$/),
      correlation_id: 'correlation',
      error_uri: 'https://login.microsoftonline.com/error?code=7000215',
    });
  });

  it('does not know a tenant that is not there', async () => {
    expect((await post(await onBehalfOf(), entraIds.alice)).body.error_codes).toEqual([90002]);
  });

  it('refuses a user whose sessions were revoked, until the next sign-in', async () => {
    const bobsToken = () => entra.mintUserToken({ user: entraIds.bob, app: entraIds.mcpServer });
    const before = await bobsToken();
    now += 1000;
    entra.revokeSessions(entraIds.bob);
    expect((await post(await onBehalfOf({ assertion: before }))).body.error_codes).toEqual([50173]);
    now += 1000;
    expect((await post(await onBehalfOf({ assertion: await bobsToken() }))).status).toBe(200);
  });

  it('throttles with Retry-After when told to', async () => {
    entra.setBehaviour({ refuse: 90055, retryAfter: 60 });
    const { status, headers, body } = await post(await onBehalfOf());
    expect([status, headers.get('retry-after'), body.error]).toEqual([429, '60', 'temporarily_unavailable']);
    entra.setBehaviour(undefined);
    expect((await post(await onBehalfOf())).status).toBe(200);
  });

  it('accepts the token of another identity provider as a federated credential', async () => {
    const assertion = (subject: string) =>
      new SignJWT({ iss: cluster.issuer, sub: subject, aud: cluster.audience, exp: start / 1000 + 600 })
        .setProtectedHeader({ alg: 'ES256' })
        .sign(clusterKeys.privateKey);
    const request = async (subject: string) =>
      post({ ...(await withoutSecret()), client_assertion: await assertion(subject) });
    expect((await request(cluster.subject)).status).toBe(200);
    expect((await request('system:serviceaccount:other')).body.error_codes).toEqual([700213]);
  });

  it('refuses a certificate assertion for another endpoint, of another key and out of time', async () => {
    const thumbprint = createHash('sha256').update(new X509Certificate(certificate.cert).raw);
    const known = thumbprint.digest('base64url');
    const send = async (claims: Record<string, unknown>, x5t = known) => {
      const assertion = await new SignJWT({
        iss: entraIds.mcpServer,
        sub: entraIds.mcpServer,
        aud: entra.tokenEndpoint(entraIds.tenant),
        exp: start / 1000 + 600,
        ...claims,
      })
        .setProtectedHeader({ alg: 'PS256', 'x5t#S256': x5t })
        .sign(createPrivateKey(certificate.private));
      return (await post({ ...(await withoutSecret()), client_assertion: assertion })).body.error_codes;
    };
    expect(await send({})).toBeUndefined();
    expect(await send({ aud: 'https://other.example' })).toEqual([50012]);
    expect(await send({ sub: entraIds.alice })).toEqual([50048]);
    expect(await send({ exp: start / 1000 - 301 })).toEqual([700024]);
    expect(await send({}, 'other')).toEqual([700027]);
  });

  it('records requests that can be compared and not read by accident', async () => {
    await post(await onBehalfOf());
    const record = entra.requests.at(-1);
    expect(record?.get('client_secret')).toBe('example-secret');
    for (const shown of [JSON.stringify(record), inspect(record, { depth: 9 })]) {
      expect(shown).not.toContain('example-secret');
      expect(shown).not.toContain('eyJ');
      expect(shown).toContain('on_behalf_of');
    }
  });
});

async function foreignToken(): Promise<string> {
  const other = await startEntraDouble({ directory: exampleEntraDirectory(), http: true, now: () => now });
  const token = await other.mintUserToken({ user: entraIds.alice, app: entraIds.mcpServer });
  await other.close();
  return token;
}
