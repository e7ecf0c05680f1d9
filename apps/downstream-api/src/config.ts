import {
  type ConfigSource,
  endpointSetting,
  flagSetting,
  loadConfig,
  networksSetting,
  portSetting,
  refuseRepeated,
  resourceUriSetting,
  secretSetting,
  serverUrlSetting,
  wordsSetting,
} from '@mcp-obo/config';
import { issuerSetting } from '@mcp-obo/service/issuer';
import { revocationsEnvironment, revocationsSetting } from '@mcp-obo/service/revocations';
import { authoritiesSetting, tlsSetting } from '@mcp-obo/service/tls';
import { z } from 'zod';

/** `audiences`: identifiers of this API in `aud`. Never the identifier of the MCP server. */
const issuer = issuerSetting(wordsSetting.pipe(z.array(z.string()).min(1)).default(['api://expenses']));

/** Variables describe one issuer as `issuers.0.…`, which is a mapping and not a list. */
const issuers = z.preprocess(
  (value) => (typeof value === 'object' && value !== null ? Object.values(value) : value),
  z
    .array(issuer, 'needs at least one issuer (or OAUTH_ISSUER)')
    .min(1, 'needs at least one issuer (or OAUTH_ISSUER)')
    .superRefine(refuseRepeated('issuer')),
);

/** The whole file. `docs/configuration.md` is held against it. */
export const schema = z.strictObject({
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: portSetting.default(4002),
      /** Absent: plain HTTP. */
      tls: tlsSetting.optional(),
    })
    .prefault({}),
  /** Canonical URL of this API, for its metadata (RFC 9728) and challenges. */
  resource: serverUrlSetting.pipe(resourceUriSetting),
  issuers,
  /** YAML file with who works here: issuer, user_key, username, role, manager. */
  people_file: z.string().min(1, 'must name a YAML file with the people of the tenants'),
  /** SQLite file; default: in memory, which forgets everything at the end. */
  database_file: z.string().min(1).optional(),
  /** True puts a few example expenses into an empty database. */
  seed_expenses: flagSetting.default(false),
  /** Hosts or networks of the own network where issuers may be. */
  allow_private: networksSetting.default([]),
  /** Authorities that alone may have signed an issuer's certificate. */
  issuer_ca: authoritiesSetting.optional(),
  /** A second API with expenses of former years, which this one calls on behalf of its callers; absent: none. */
  archive: z
    .strictObject({
      url: serverUrlSetting,
      /** Name of its target at the broker. */
      target: z.string().min(1).default('archive-api'),
      token_endpoint: endpointSetting,
      /** `aud` of client assertions; default: the token endpoint. */
      issuer: serverUrlSetting.optional(),
      /** This API's own registration at the broker. */
      client_id: z.string().min(1),
      client_secret: secretSetting.optional(),
      /** PEM (PKCS #8) of the key for `private_key_jwt` (RFC 7523). */
      private_key: secretSetting.optional(),
    })
    .refine((value) => (value.client_secret === undefined) !== (value.private_key === undefined), {
      message: 'needs either client_secret or private_key, and not both',
    })
    .optional(),
  /** Redis over which the broker tells what is revoked; absent: tokens end by their lifetime. */
  revocations: revocationsSetting.optional(),
  body_limit_bytes: z.coerce.number().int().positive().default(65_536),
  /** File for audit records, one JSON line each; default: standard output. */
  audit_file: z.string().optional(),
  log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

/** Variables of the deployment guides, and where they stand in the file. */
export const environment = {
  API_HOST: 'listen.host',
  API_PORT: 'listen.port',
  API_RESOURCE: 'resource',
  OAUTH_ISSUER: 'issuers.0.issuer',
  OAUTH_TENANT: 'issuers.0.tenant',
  OAUTH_PROFILE: 'issuers.0.profile',
  OAUTH_AUDIENCE: 'issuers.0.audiences',
  OAUTH_JWKS_URI: 'issuers.0.jwks_uri',
  OAUTH_SCOPE_PREFIX: 'issuers.0.scope_prefix',
  ...revocationsEnvironment,
  PEOPLE_FILE: 'people_file',
  DATABASE_FILE: 'database_file',
  SEED_EXPENSES: 'seed_expenses',
  AUDIT_FILE: 'audit_file',
  LOG_LEVEL: 'log_level',
} as const;

export type Config = z.output<typeof schema>;
/** What the file holds, before defaults. */
export type ConfigInput = z.input<typeof schema>;

/** The settings of this process. Throws a `ConfigError` that names every bad one. */
export function readConfig(source: ConfigSource): Config {
  return loadConfig(schema, environment, source);
}
