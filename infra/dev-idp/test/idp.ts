import { createHash, randomBytes } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { type DevIdpConfig, type DevIdpConfigInput, readConfig } from '../src/config.ts';
import type { Log } from '../src/log.ts';
import { createLoginBrowser, type LoginBrowser } from '../src/login.ts';
import { startDevIdp } from '../src/server.ts';

export const mcp = 'http://127.0.0.1:4000/mcp';
export const api = 'api://expenses';
export const redirectUri = 'http://127.0.0.1:7777/callback';
export const adminToken = 'admin-token-of-the-tests';
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
export const secrets = {
  mcp: 'secret-of-the-mcp-server',
  other: 'secret-of-another-server',
  job: 'secret-of-job',
};

const verifier = randomBytes(32).toString('base64url');
const challenge = createHash('sha256').update(verifier).digest('base64url');

export function testConfig(changes: { backchannelLogoutUri?: string } = {}): DevIdpConfigInput {
  const user = (username: string, roles: string[]) => ({
    username,
    password: `${username}-password`,
    sub: `sub-of-${username}`,
    name: `${username[0]?.toUpperCase()}${username.slice(1)}`,
    email: `${username}@example.com`,
    roles,
    groups: [`/staff/${username}`],
  });
  const confidential = (client_id: string, client_secret: string, grant_types: string[]) => ({
    client_id,
    client_secret,
    grant_types,
    response_types: [],
    token_endpoint_auth_method: 'client_secret_basic',
  });
  const resources = [
    {
      identifier: mcp,
      name: 'Expenses for agents',
      default: true,
      default_scopes: ['mcp:tools:execute', 'expenses:read'],
      scopes: [
        { name: 'mcp:tools:execute', description: 'Use tools in your name' },
        { name: 'expenses:read', description: 'See your expenses' },
        { name: 'expenses:write', description: 'Hand in expenses' },
        'expenses:totals',
      ],
    },
    {
      identifier: api,
      name: 'Expenses API',
      access_token_ttl: 300,
      scopes: ['api:expenses.read', 'api:expenses.write', 'api:expenses.admin', 'api:expenses.totals'],
    },
  ];
  const publicClient = {
    client_id: 'agent',
    client_name: 'The <Agent>',
    redirect_uris: [redirectUri],
    application_type: 'native',
  };
  return {
    listen: { port: 0 },
    admin_token: adminToken,
    tenants: [
      {
        name: 'acme',
        users: [user('alice', ['employee']), user('maria', ['manager'])],
        clients: [
          publicClient,
          { ...publicClient, client_id: 'second-agent', client_name: 'Second' },
          {
            ...confidential(mcp, secrets.mcp, [exchangeGrant, 'client_credentials']),
            ...(changes.backchannelLogoutUri === undefined
              ? {}
              : {
                  backchannel_logout_uri: changes.backchannelLogoutUri,
                  backchannel_logout_session_required: true,
                }),
          },
          confidential('http://127.0.0.1:4999/other', secrets.other, [exchangeGrant]),
          confidential('nightly-job', secrets.job, ['client_credentials']),
        ],
        resources,
        exchange: [
          { client: mcp, audience: api, scopes: ['api:expenses.read', 'api:expenses.write'] },
          { client: 'http://127.0.0.1:4999/other', audience: api },
        ],
        machine: [
          { client: 'nightly-job', audience: mcp, scopes: ['mcp:tools:execute', 'expenses:totals'] },
          { client: mcp, audience: api, scopes: ['api:expenses.totals'] },
        ],
      },
      { name: 'globex', users: [user('gina', ['employee'])], clients: [publicClient], resources },
    ],
  };
}

/** A configuration as it comes out of a file. */
export function parseConfig(config: object): DevIdpConfig {
  return readConfig({ env: {}, file: 'idp.yaml', readText: () => JSON.stringify(config) });
}

const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** A provider that listens on a free port, and the moves of a client. */
export async function startTestIdp(
  changes: {
    backchannelLogoutUri?: string;
    log?: Log;
    trustedCa?: string;
    cimd?: DevIdpConfig['cimd'];
    opaqueResources?: string[];
    fetch?: typeof globalThis.fetch;
  } = {},
) {
  const idp = await startDevIdp(
    parseConfig({
      ...testConfig(changes),
      cimd: changes.cimd,
      opaque_resources: changes.opaqueResources,
    }),
    {
      log: changes.log ?? silent,
      now: Date.now,
      random: randomBytes,
      fetch: changes.fetch ?? fetch,
      ...(changes.trustedCa === undefined ? {} : { trustedCa: changes.trustedCa }),
    },
  );
  const issuer = (tenant = 'acme') => `${idp.url}/${tenant}`;

  const authorizationUrl = (params: Record<string, string | undefined> = {}, tenant = 'acme') => {
    const url = new URL(`${issuer(tenant)}/auth`);
    const all: Record<string, string | undefined> = {
      client_id: 'agent',
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'mcp:tools:execute expenses:read',
      resource: mcp,
      state: 'state-1',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...params,
    };
    for (const [name, value] of Object.entries(all))
      if (value !== undefined) url.searchParams.set(name, value);
    return url;
  };

  const token = async (params: Record<string, string | string[]>, options: TokenOptions = {}) => {
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(params))
      for (const each of [value].flat()) body.append(name, each);
    const headers: Record<string, string> = {};
    if (options.client !== undefined) {
      const [id, secret] = options.client;
      headers.authorization = `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
    }
    const response = await fetch(`${issuer(options.tenant)}/token`, { method: 'POST', body, headers });
    return {
      status: response.status,
      body: (await response.json()) as TokenAnswer,
      headers: response.headers,
    };
  };

  const authorize = (
    params: Record<string, string | undefined> = {},
    options: {
      browser?: LoginBrowser;
      username?: string;
      password?: string;
      consent?: 'accept' | 'deny';
      tenant?: string;
    } = {},
  ) => {
    const username = options.username ?? 'alice';
    const password = options.password ?? `${username}-password`;
    const authorizationUrl_ = authorizationUrl(params, options.tenant);
    return (options.browser ?? createLoginBrowser()).authorize({
      authorizationUrl: authorizationUrl_,
      username,
      password,
      consent: options.consent ?? 'accept',
    });
  };

  const redeem = (callback: URL, params: Record<string, string> = {}, options: TokenOptions = {}) =>
    token(
      {
        grant_type: 'authorization_code',
        client_id: 'agent',
        code: callback.searchParams.get('code') ?? '',
        redirect_uri: redirectUri,
        code_verifier: verifier,
        resource: mcp,
        ...params,
      },
      options,
    );

  const logIn = async (
    params: Parameters<typeof authorize>[0] = {},
    options: Parameters<typeof authorize>[1] = {},
  ) => {
    const { body } = await redeem(
      await authorize(params, options),
      params?.client_id === undefined ? {} : { client_id: params.client_id },
      options?.tenant === undefined ? {} : { tenant: options.tenant },
    );
    return body;
  };

  const exchange = (
    subjectToken: string,
    params: Record<string, string | string[]> = {},
    options: TokenOptions = {},
  ) =>
    token(
      {
        grant_type: exchangeGrant,
        subject_token: subjectToken,
        subject_token_type: accessTokenType,
        audience: api,
        scope: 'api:expenses.read',
        ...params,
      },
      { client: [mcp, secrets.mcp], ...options },
    );

  const admin = async (method: string, path: string, authorization = `Bearer ${adminToken}`) => {
    const response = await fetch(idp.url + path, { method, headers: { authorization } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  return { ...idp, issuer, authorizationUrl, authorize, redeem, logIn, token, exchange, admin, verifier };
}

interface TokenOptions {
  readonly client?: readonly [id: string, secret: string];
  readonly tenant?: string;
}

/** The members of a token endpoint's answer; absent ones read as `undefined`. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly refresh_token: string;
  readonly id_token?: string;
  readonly issued_token_type?: string;
  readonly error?: string;
  readonly error_description?: string;
}

export type TestIdp = Awaited<ReturnType<typeof startTestIdp>>;

export function claimsOf(token: string): Record<string, unknown> {
  return decodeJwt(token);
}

export function headerOf(token: string): Record<string, unknown> {
  return decodeProtectedHeader(token) as Record<string, unknown>;
}
