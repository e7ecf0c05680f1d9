import {
  type ConfigSource,
  endpointSetting,
  flagSetting,
  loadConfig,
  networksSetting,
  portSetting,
  refuseRepeated,
  resourceUriSetting,
  secondsSetting,
  secretSetting,
  serverUrlSetting,
  wordsSetting,
} from '@mcp-obo/config';
import { issuerProfiles, type ProfileName } from '@mcp-obo/idp-profile';
import { introspectionSetting } from '@mcp-obo/service/introspection';
import { revocationsEnvironment, revocationsSetting } from '@mcp-obo/service/revocations';
import { authoritiesSetting, tlsSetting } from '@mcp-obo/service/tls';
import { z } from 'zod';

const profileNames = Object.keys(issuerProfiles) as [ProfileName, ...ProfileName[]];
const issuer = z
  .strictObject({
    /** Name of the tenant whose rows its users see. Several issuers may share one (Entra v1.0 and v2.0). */
    tenant: z.string().min(1).default('default'),
    /** Exact `iss` of its tokens. */
    issuer: serverUrlSetting,
    profile: z.enum(profileNames, `must be one of ${profileNames.join(', ')}`).default('generic'),
    /** Identifiers of this API in `aud`. Never the identifier of the MCP server. */
    audiences: wordsSetting.pipe(z.array(z.string()).min(1)).default(['api://expenses']),
    /** Further `aud` values this issuer is known to add. */
    companions: wordsSetting.default([]),
    /** Where its keys are; default: found by discovery. */
    jwks_uri: endpointSetting.optional(),
    /** What stands before the scopes of this API, e.g. `api://expenses/`. */
    scope_prefix: z.string().optional(),
    max_lifetime: secondsSetting.optional(),
    /** How it is asked about tokens; absent: never, and opaque tokens are refused. */
    introspection: introspectionSetting.optional(),
    /** Issuers whose users a broker may name in the tokens it mints. */
    vouches_for: wordsSetting.default([]),
  })
  .refine(({ profile, vouches_for: issuers }) => (profile === 'broker') === issuers.length > 0, {
    path: ['vouches_for'],
    message: 'must list the issuers whose users a broker may name; it goes with the profile broker alone',
  });

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
