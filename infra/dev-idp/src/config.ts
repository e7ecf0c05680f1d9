import { ConfigError, type ConfigSource, loadConfig } from '@mcp-obo/config';
import { z } from 'zod';
import { documentModes } from './client-documents.ts';

const loopbackHosts = ['127.0.0.1', '::1', 'localhost'] as const;
const word = z.string().min(1);
/** RFC 6749 §3.3 `scope-token`. */
const scopeToken = z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'is no scope token (RFC 6749 §3.3)');
const seconds = z.number().int().positive();

const user = z.strictObject({
  username: word,
  password: word,
  /** `sub` of every token of this user. Fixed and opaque: never the user name. */
  sub: word,
  name: word,
  email: z.email(),
  roles: z.array(word).default([]),
  groups: z.array(word).default([]),
});

/** OpenID Connect client metadata (RFC 7591 §2); oidc-provider checks the members it knows. */
const client = z.looseObject({
  client_id: word,
  client_name: word.optional(),
  client_secret: word.optional(),
  redirect_uris: z.array(word).default([]),
  grant_types: z.array(word).default(['authorization_code', 'refresh_token']),
  token_endpoint_auth_method: word.default('none'),
});

const resource = z.strictObject({
  /** What a client sends as `resource` (RFC 8707) or `audience` (RFC 8693), byte for byte; becomes `aud`. */
  identifier: z.string().refine((value) => URL.canParse(value) && !value.includes('#'), {
    message: 'must be an absolute URI without a fragment (RFC 8707 §2)',
  }),
  /** Name on the consent page. */
  name: word,
  /** Scopes, as names or with the words for the consent page. */
  scopes: z.array(z.union([scopeToken, z.strictObject({ name: scopeToken, description: word })])).min(1),
  /** What a request gets that names no scope (RFC 6749 §3.3); such a request gets nothing when absent. */
  default_scopes: z.array(scopeToken).min(1).optional(),
  /** Life of its access tokens; the tenant's when absent. */
  access_token_ttl: seconds.optional(),
  /** True for the resource that is meant when a client names none (MCP revisions before 2025-06-18). */
  default: z.boolean().default(false),
});

/** A client's right to get tokens for a target without a user's consent page in between. */
const permission = z.strictObject({
  client: word,
  audience: word,
  /** The most it may get; all scopes of the resource when absent. */
  scopes: z.array(scopeToken).min(1).optional(),
});

const tenant = z
  .strictObject({
    /** Path of the issuer: `http://host:port/{name}`. */
    name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes'),
    users: z.array(user).default([]),
    clients: z.array(client).default([]),
    resources: z.array(resource).default([]),
    /** Who may exchange a user's token (RFC 8693), and for what. */
    exchange: z.array(permission).default([]),
    /** Who may use client credentials (RFC 6749 §4.4), and for what. */
    machine: z.array(permission).default([]),
    access_token_ttl: seconds.default(900),
    refresh_token_ttl: seconds.default(14 * 86_400),
    session_ttl: seconds.default(14 * 86_400),
  })
  .superRefine((value, context) => {
    const clients = new Set(value.clients.map((entry) => entry.client_id));
    const resources = new Set(value.resources.map((entry) => entry.identifier));
    const complain = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    for (const list of ['exchange', 'machine'] as const) {
      value[list].forEach((entry, index) => {
        if (!clients.has(entry.client)) complain([list, index, 'client'], 'names no client of this tenant');
        if (!resources.has(entry.audience))
          complain([list, index, 'audience'], 'names no resource of this tenant');
      });
    }
    value.resources.forEach(({ scopes, default_scopes = [] }, index) => {
      const known = new Set(scopes.map((scope) => (typeof scope === 'string' ? scope : scope.name)));
      const unknown = default_scopes.find((scope) => !known.has(scope));
      if (unknown !== undefined)
        complain(['resources', index, 'default_scopes'], `${unknown} is not in scopes`);
    });
    if (value.resources.filter((entry) => entry.default).length > 1)
      complain(['resources'], 'only one resource can be the default');
    for (const [list, key] of [
      [value.users.map((entry) => entry.sub), 'users'],
      [value.users.map((entry) => entry.username), 'users'],
      [value.clients.map((entry) => entry.client_id), 'clients'],
      [value.resources.map((entry) => entry.identifier), 'resources'],
    ] as const) {
      const twice = list.find((entry, index) => list.indexOf(entry) !== index);
      if (twice !== undefined) complain([key], `${twice} is there twice`);
    }
  });

const schema = z.strictObject({
  listen: z.strictObject({
    /** Loopback only: passwords are in a file and pages are plain HTTP. */
    host: z
      .enum(loopbackHosts, 'must be 127.0.0.1, ::1 or localhost: this is a development identity provider')
      .default('127.0.0.1'),
    /** 0 takes a free port. */
    port: z.coerce.number().int().min(0).max(65_535, 'must be a port from 0 to 65535'),
  }),
  tenants: z.array(tenant).min(1),
  /** Bearer token for `/dev/*` (key rotation, faults); without it these routes do not exist. */
  admin_token: z.string().min(16).optional(),
  /**
   * Whose client ID metadata documents are read: `on` everybody's, `loopback` those on this machine, `off` none,
   * and none are announced, so that clients register themselves.
   */
  cimd: z.enum(documentModes, `must be one of ${documentModes.join(', ')}`).default('on'),
  /** PEM file of an authority to trust for client metadata documents and logout receivers on loopback. */
  trusted_ca_file: word.optional(),
  /** Identifiers of resources whose access tokens are no JWTs: kept here, so that they can be revoked and introspected. */
  opaque_resources: z.array(word).default([]),
  /** Length of RSA signing keys. */
  modulus_length: z.number().int().min(2048).default(2048),
  log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

export type DevIdpConfig = z.output<typeof schema>;
/** What the file holds, before defaults. */
export type DevIdpConfigInput = z.input<typeof schema>;
export type TenantConfig = DevIdpConfig['tenants'][number];
export type UserConfig = TenantConfig['users'][number];
export type ResourceConfig = TenantConfig['resources'][number];
export type Permission = TenantConfig['exchange'][number];

/** Variables and the settings they stand for. */
export const environment = {
  DEV_IDP_HOST: 'listen.host',
  DEV_IDP_PORT: 'listen.port',
  DEV_IDP_CIMD: 'cimd',
  LOG_LEVEL: 'log_level',
} as const;

/** The settings of this process. Throws a `ConfigError` that names every bad one, and in production always. */
export function readConfig(source: ConfigSource): DevIdpConfig {
  if (source.env.NODE_ENV === 'production') {
    const problem = 'is production; this identity provider is for development and does not start there';
    throw new ConfigError([{ setting: 'NODE_ENV', problem }]);
  }
  return loadConfig(schema, environment, source);
}
