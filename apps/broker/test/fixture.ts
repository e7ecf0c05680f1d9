import { generateKeyPairSync } from 'node:crypto';
import { createAuditLog } from '@mcp-obo/audit';
import { createLogger, createPlatformMetrics } from '@mcp-obo/telemetry';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { exportJWK } from 'jose';
import { buildApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import { openCache } from '../src/open-cache.ts';
import { createFakeIdp, type FakeIdp } from './fake-idp.ts';

export const broker = 'https://broker.example';
export const mcp = 'https://mcp.example/mcp';
export const reports = 'https://reports.example/mcp';
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Saturday 21 November 2026, 12:00:00 UTC. */
export const noon = 1_795_262_400;

/** Key of the client `keys-server`. */
export const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });

export type Form = Readonly<Record<string, string | readonly string[]>>;

export interface Fixture {
  readonly app: FastifyInstance;
  readonly acme: FakeIdp;
  readonly globex: FakeIdp;
  /** Seconds since the epoch. */
  readonly time: { now: number };
  /** Lines that the process would write. */
  readonly log: string[];
  readonly audit: string[];
  /** A user's token for the MCP server, at acme unless told. */
  readonly subject: (claims?: Readonly<Record<string, unknown>>, idp?: FakeIdp) => Promise<string>;
  /** `POST` of a form as the client `mcp-server` unless headers say otherwise. */
  readonly post: (form: Form, options?: PostOptions) => Promise<LightMyRequestResponse>;
  /** A token exchange that is right but for these parameters; an empty text leaves one out. */
  readonly exchange: (form: Form, options?: PostOptions) => Promise<LightMyRequestResponse>;
}

export interface PostOptions {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const asMcpServer = { authorization: basic('mcp-server', 'secret of mcp-server') };
export const asReports = { authorization: basic('reports-server', 'secret of reports') };

export interface FixtureOptions {
  /** Sections of the configuration in place of those below. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly time?: { now: number };
}

/** The broker, complete, over two identity providers that answer without a network. */
export async function createFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const time = options.time ?? { now: noon };
  const now = () => time.now * 1000;
  const acme = createFakeIdp(
    'https://idp.example/acme',
    { [mcp]: 'acme: mcp', [reports]: 'acme: reports' },
    now,
  );
  const globex = createFakeIdp('https://idp.example/globex', { [mcp]: 'globex: mcp' }, now);
  const settings = { ...(await brokerSettings(acme.issuer, globex.issuer)), ...options.config };
  const config = loadConfig({ env: {}, file: '/broker.yaml', readText: () => JSON.stringify(settings) });
  const log: string[] = [];
  const audit: string[] = [];
  let randoms = 0;
  const deps = {
    now,
    random: () => `random-${++randoms}`,
    fetch: (url: string | URL, init?: RequestInit) =>
      (String(url).includes('globex') ? globex : acme).fetch(url, init),
    log: createLogger({
      name: 'broker',
      level: 'trace',
      now,
      destination: { write: (line) => void log.push(line) },
    }),
    metrics: createPlatformMetrics(),
    audit: createAuditLog({ write: (line) => void audit.push(line), now, service: 'broker' }),
  };
  const app = await buildApp(config, deps, openCache(config, deps));

  const post: Fixture['post'] = (form, { url = '/token', headers = {} } = {}) =>
    app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...asMcpServer, ...headers },
      payload: encode(form),
    });
  const subject: Fixture['subject'] = (claims = {}, idp = acme) =>
    idp.mint({ sub: 'user-alice', aud: mcp, client_id: 'inspector', ...claims });

  return {
    app,
    acme,
    globex,
    time,
    log,
    audit,
    subject,
    post,
    exchange: async (form, postOptions) =>
      post(
        {
          grant_type: tokenExchange,
          subject_token: form.subject_token ?? (await subject()),
          subject_token_type: accessTokenType,
          audience: 'expenses-api',
          scope: 'api:expenses.read',
          ...form,
        },
        postOptions,
      ),
  };
}

/** `client_secret_basic` (RFC 6749 §2.3.1). */
export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

function encode(form: Form): string {
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  return new URLSearchParams(pairs).toString();
}

async function brokerSettings(acme: string, globex: string): Promise<Record<string, unknown>> {
  const upstream = (issuer: string, client_id: string, secret: string) => ({
    issuer,
    client_id,
    method: 'client_secret_basic',
    secret: { value: secret },
  });
  const rule = (over: object) => ({
    clients: ['mcp-server'],
    target: 'expenses-api',
    tenants: ['acme', 'globex'],
    ...over,
  });
  return {
    issuer: broker,
    issuers: [
      { tenant: 'acme', issuer: acme, companions: ['account'] },
      { tenant: 'globex', issuer: globex },
    ],
    clients: [
      {
        id: 'mcp-server',
        resource: mcp,
        auth: { method: 'client_secret', secret: { value: 'secret of mcp-server' } },
        upstream: [upstream(acme, mcp, 'acme: mcp'), upstream(globex, mcp, 'globex: mcp')],
      },
      {
        id: 'reports-server',
        resource: reports,
        grants: ['token-exchange'],
        auth: { method: 'client_secret', secret: { value: 'secret of reports' } },
        upstream: [upstream(acme, reports, 'acme: reports')],
      },
      {
        id: 'keys-server',
        resource: 'https://keys.example/mcp',
        auth: { method: 'private_key_jwt', jwks: { keys: [await exportJWK(clientKey.publicKey)] } },
      },
    ],
    targets: [
      {
        name: 'expenses-api',
        audience: 'api://expenses',
        scopes: ['api:expenses.read', 'api:expenses.write', 'api:expenses.approve'],
        machine_scopes: ['api:expenses.totals'],
      },
      { name: 'ledger', audience: 'api://ledger', scopes: ['ledger.read'] },
    ],
    policy: {
      version: '1',
      rules: [
        rule({ subject_scopes: ['expenses:read'], scopes: ['api:expenses.read'] }),
        rule({ subject_scopes: ['expenses:write'], scopes: ['api:expenses.write'] }),
        rule({ tenants: ['acme'], machine: true, scopes: ['api:expenses.totals'] }),
        rule({ clients: ['reports-server'], tenants: ['acme'], scopes: ['api:expenses.read'] }),
      ],
    },
  };
}
