import { randomUUID } from 'node:crypto';
import { createAuditLog, gatherLines } from '@mcp-obo/audit';
import { createLogger, createPlatformMetrics } from '@mcp-obo/telemetry';
import type { Meter } from '@opentelemetry/api';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { buildApp } from '../src/app.ts';
import { loadConfig } from '../src/config.ts';
import { openCache } from '../src/open-cache.ts';
import { createFakeIdp, type FakeIdp } from './fake-idp.ts';
import { brokerSettings, mcp, reports } from './settings.ts';

export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** Saturday 21 November 2026, 12:00:00 UTC. */
export const noon = 1_795_262_400;

export type Form = Readonly<Record<string, string | readonly string[]>>;

export interface Fixture {
  readonly app: FastifyInstance;
  /** Takes a configuration over in which these sections are other ones. */
  readonly reload: (changed: Readonly<Record<string, unknown>>) => void;
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
  /** An empty text leaves one out. */
  readonly headers?: Readonly<Record<string, string>>;
}

export const asMcpServer = { authorization: basic('mcp-server', 'secret of mcp-server') };
export const asReports = { authorization: basic('reports-server', 'secret of reports') };

export interface FixtureOptions {
  /** Sections of the configuration in place of those below. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly time?: { now: number };
  /** Where metrics go. */
  readonly meter?: Meter;
  /** Called before lines of the audit are kept; what it throws is that they cannot be. */
  readonly onAudit?: () => void;
  /** Another broker, whose identity providers this one has too. */
  readonly beside?: Pick<Fixture, 'acme' | 'globex'>;
}

/** The broker, complete, over two identity providers that answer without a network. */
export async function createFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const time = options.time ?? { now: noon };
  const now = () => time.now * 1000;
  const { acme, globex } = options.beside ?? createIdps(now);
  const settings = { ...(await brokerSettings(acme.issuer, globex.issuer)), ...options.config };
  const config = loadConfig({ env: {}, file: '/broker.yaml', readText: () => JSON.stringify(settings) });
  const log: string[] = [];
  const audit: string[] = [];
  const keep = (lines: string) => {
    options.onAudit?.();
    audit.push(...lines.split('\n').filter(Boolean));
  };
  const deps = {
    now,
    random: randomUUID,
    fetch: (url: string | URL, init?: RequestInit) =>
      (String(url).includes('globex') ? globex : acme).fetch(url, init),
    log: createLogger({
      name: 'broker',
      level: 'trace',
      now,
      destination: { write: (line) => void log.push(line) },
    }),
    metrics: createPlatformMetrics(options.meter),
    audit: createAuditLog({
      ...gatherLines({ write: keep, close: () => undefined }),
      now,
      service: 'broker',
    }),
  };
  const cache = openCache(config, deps);
  const { app, reload } = await buildApp(config, deps, cache);
  app.addHook('onClose', () => cache.close());

  const post: Fixture['post'] = (form, { url = '/token', headers = {} } = {}) =>
    app.inject({
      method: 'POST',
      url,
      headers: sent({ 'content-type': 'application/x-www-form-urlencoded', ...asMcpServer, ...headers }),
      payload: encode(form),
    });
  const subject: Fixture['subject'] = (claims = {}, idp = acme) =>
    idp.mint({ sub: 'user-alice', aud: mcp, client_id: 'inspector', ...claims });

  return {
    app,
    reload: (changed) =>
      reload(
        loadConfig({ env: {}, file: '/b.yaml', readText: () => JSON.stringify({ ...settings, ...changed }) }),
      ),
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

function createIdps(now: () => number): Pick<Fixture, 'acme' | 'globex'> {
  const registrations = { [mcp]: 'acme: mcp', [reports]: 'acme: reports' };
  return {
    acme: createFakeIdp('https://idp.example/acme', registrations, now),
    globex: createFakeIdp('https://idp.example/globex', { [mcp]: 'globex: mcp' }, now),
  };
}

/** Of lines of the audit, those that do not say what became of a token at its issuer: they come when they come. */
export const notOfIssuer = (line: string) => !line.includes('"reason":"issuer_');

/** `client_secret_basic` (RFC 6749 §2.3.1). */
export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

function sent(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
}

function encode(form: Form): string {
  const pairs = Object.entries(form).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, one]),
  );
  return new URLSearchParams(pairs).toString();
}
