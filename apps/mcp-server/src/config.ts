import {
  type ConfigSource,
  endpointSetting,
  loadConfig,
  networksSetting,
  originSetting,
  portSetting,
  refuseRepeated,
  resourceUriSetting,
  scopeSetting,
  secondsSetting,
  secretSetting,
  secretTextSetting,
  serverUrlSetting,
  wordsSetting,
} from '@mcp-obo/config';
import { checkRedis, redisMembers } from '@mcp-obo/redis-connection';
import { issuerSetting } from '@mcp-obo/service/issuer';
import { revocationsEnvironment, revocationsSetting } from '@mcp-obo/service/revocations';
import { authoritiesSetting, tlsSetting } from '@mcp-obo/service/tls';
import { z } from 'zod';

const url = z.url('must be an absolute URL, e.g. https://mcp.example.com/mcp');
/** `audiences`: identifiers of this server in `aud`; default: the resource URL. */
const issuer = issuerSetting(wordsSetting.pipe(z.array(z.string()).min(1)).optional());

const tier = z.strictObject({
  max_token_age: secondsSetting.optional(),
  max_login_age: secondsSetting.optional(),
  acr_values: wordsSetting.optional(),
  /** Whether a login that the user makes by a link counts beside that of the token. */
  login_by_link: z.boolean('must be true or false').optional(),
  approval: z.enum(['never', 'session', 'call']).optional(),
});

const clientAuth = {
  client_id: z.string().min(1, 'must be the id of the registration that exchanges'),
  client_secret: secretSetting.optional(),
  /** PEM (PKCS #8) of the key for `private_key_jwt` (RFC 7523). */
  private_key: secretSetting.optional(),
  /** `kid` of that key. */
  key_id: z.string().optional(),
  /** File with a token of the platform, read for each use: a projected token of Kubernetes, or a JWT-SVID. */
  assertion_file: z.string().min(1).optional(),
  /** What that token is. */
  assertion_type: z.enum(['jwt-bearer', 'jwt-spiffe']).default('jwt-bearer'),
  /** Certificate that is shown in the TLS handshake (RFC 8705), PEM. */
  certificate: secretSetting.optional(),
  /** Its private key, PEM. */
  certificate_key: secretSetting.optional(),
};

const credentialNames = ['client_secret', 'private_key', 'assertion_file', 'certificate'] as const;

const exchange = z
  .strictObject({
    ...clientAuth,
    /** Token endpoint of the broker; absent: this process exchanges at the issuer itself. */
    token_endpoint: endpointSetting.optional(),
    /** `aud` of its client assertions; default: the token endpoint. */
    issuer: url.optional(),
    /** Authorities that alone may have signed the certificate of the broker, or of the issuers without one. */
    ca: authoritiesSetting.optional(),
    /** Longest wait for a token. */
    timeout_seconds: secondsSetting.default(10),
  })
  .refine((value) => credentialNames.filter((name) => value[name] !== undefined).length === 1, {
    message:
      'needs either client_secret (OBO_CLIENT_SECRET, OBO_CLIENT_SECRET_FILE), private_key, assertion_file or certificate, and one of them only',
  })
  .refine((value) => (value.certificate === undefined) === (value.certificate_key === undefined), {
    path: ['certificate_key'],
    message: 'goes with certificate',
  });

/** The whole file. `docs/configuration.md` is held against it. */
export const schema = z
  .strictObject({
    listen: z
      .strictObject({
        host: z.string().min(1).default('127.0.0.1'),
        port: portSetting.default(4000),
        /** Absent: plain HTTP, for an edge in front. */
        tls: tlsSetting.optional(),
      })
      .prefault({}),
    /** Canonical URL of this server (RFC 8707); clients connect to exactly this. */
    resource: serverUrlSetting.pipe(resourceUriSetting),
    resource_name: z.string().default('Expenses'),
    resource_documentation: url.optional(),
    /** Host names (with port where it is not the scheme's) that requests may name; default: that of `resource`. */
    allowed_hosts: wordsSetting.pipe(z.array(z.string()).min(1)).optional(),
    /** Web origins that may call from a browser, besides that of the server itself. */
    allowed_origins: wordsSetting.pipe(z.array(originSetting)).default([]),
    issuers: z
      .array(issuer, 'needs at least one issuer (or OAUTH_ISSUER)')
      .min(1, 'needs at least one issuer (or OAUTH_ISSUER)')
      .superRefine(refuseRepeated('issuer')),
    /** Scopes a first login asks for. */
    required_scopes: wordsSetting
      .pipe(z.array(scopeSetting).min(1))
      .default(['mcp:tools:execute', 'expenses:read']),
    /** Role → permissions. */
    roles: z.record(z.string(), wordsSetting).default({
      employee: ['expenses:submit'],
      manager: ['expenses:submit', 'expenses:approve', 'expenses:export'],
      finance: ['expenses:administer', 'expenses:export'],
      auditor: [],
    }),
    /** Group (full path or id) → roles. */
    groups: z.record(z.string(), wordsSetting).default({}),
    tiers: z
      .strictObject({
        'read-only': tier,
        'read-write': tier,
        financial: tier,
        'personal-data': tier,
        admin: tier,
      })
      .partial()
      .default({}),
    /** What an approval of a large amount needs besides its tier (RFC 9470). */
    large_amounts: z
      .strictObject({
        /** The largest amount that is not large. */
        above: z.coerce.number().nonnegative().default(1000),
        max_login_age: secondsSetting.default(300),
        acr_values: wordsSetting.optional(),
      })
      .prefault({}),
    /** Clients (ids) that cannot take an HTTP 403 and get a tool error instead. */
    tool_error_clients: wordsSetting.default([]),
    exchange,
    /** Asking users by a link for a consent, a login or an approval; absent: such a call ends in a sentence. */
    interactions: z
      .strictObject({
        /** Where the pages are; default: `/interaction` at the origin of `resource`. */
        url: serverUrlSetting.optional(),
        /** How long a link can be used. */
        link_seconds: secondsSetting.default(600),
        /** How long a call that comes back waits for the user before its client asks again. */
        wait_seconds: secondsSetting.default(20),
      })
      .optional(),
    downstream: z.strictObject({
      url: serverUrlSetting,
      /** Name of the target at the broker, or in this process. */
      target: z.string().default('expenses-api'),
      /** What the identity provider knows it by; needed only without a broker. */
      audience: z.string().default('api://expenses'),
      /** Longest wait for an answer. */
      timeout_seconds: secondsSetting.default(10),
    }),
    /** Hosts and address ranges of the own network where issuers may be. */
    allow_private: networksSetting.default([]),
    /** Authorities that alone may have signed an issuer's certificate. */
    issuer_ca: authoritiesSetting.optional(),
    /** Tool calls a minute, per client and user; five times as many resource reads. */
    rate_limit_rpm: z.coerce
      .number()
      .int()
      .positive('must be a number of calls per minute above 0')
      .default(100),
    /** Redis that replicas share their limits in; absent: each counts for itself. */
    redis: z.strictObject(redisMembers(secretTextSetting)).superRefine(checkRedis).prefault({}),
    /** Redis over which the broker tells what is revoked; absent: tokens end by their lifetime. */
    revocations: revocationsSetting.optional(),
    body_limit_bytes: z.coerce.number().int().positive().default(1_048_576),
    /** Longest time a request may take to arrive. */
    request_timeout_seconds: secondsSetting.default(30),
    /** File for audit records, one JSON line each; default: standard output. */
    audit_file: z.string().optional(),
    /** File that `send_report` puts reports into; absent: there is no such tool. */
    outbox_file: z.string().optional(),
    log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  })
  .strict();

/** Variables of the deployment guides, and where they stand in the file. */
export const envNames = {
  MCP_HOST: 'listen.host',
  MCP_PORT: 'listen.port',
  MCP_RESOURCE: 'resource',
  MCP_ALLOWED_HOSTS: 'allowed_hosts',
  MCP_ALLOWED_ORIGINS: 'allowed_origins',
  OAUTH_REQUIRED_SCOPES: 'required_scopes',
  BROKER_TOKEN_ENDPOINT: 'exchange.token_endpoint',
  OBO_CLIENT_ID: 'exchange.client_id',
  OBO_CLIENT_SECRET: 'exchange.client_secret.value',
  OBO_CLIENT_SECRET_FILE: 'exchange.client_secret.file',
  OBO_PRIVATE_KEY_FILE: 'exchange.private_key.file',
  OBO_KEY_ID: 'exchange.key_id',
  OBO_ASSERTION_FILE: 'exchange.assertion_file',
  DOWNSTREAM_URL: 'downstream.url',
  RATE_LIMIT_RPM: 'rate_limit_rpm',
  REDIS_URL: 'redis.url',
  REDIS_USERNAME: 'redis.username',
  REDIS_PASSWORD: 'redis.password.value',
  REDIS_PASSWORD_FILE: 'redis.password.file',
  REDIS_CA_FILE: 'redis.tls.ca.file',
  ...revocationsEnvironment,
  DOWNSTREAM_AUDIENCE: 'downstream.audience',
  AUDIT_FILE: 'audit_file',
  LOG_LEVEL: 'log_level',
} as const;

/** Variables that describe the one issuer of a deployment without a file. */
const issuerEnv = {
  OAUTH_ISSUER: 'issuer',
  OAUTH_TENANT: 'tenant',
  OAUTH_PROFILE: 'profile',
  OAUTH_AUDIENCE: 'audiences',
  OAUTH_JWKS_URI: 'jwks_uri',
  OAUTH_SCOPE_PREFIX: 'scope_prefix',
} as const;

/** Every variable this process reads, with the path it sets; for the documentation. */
export const environment: Readonly<Record<string, string>> = {
  ...envNames,
  ...Object.fromEntries(Object.entries(issuerEnv).map(([name, member]) => [name, `issuers.0.${member}`])),
};

type Settings = z.output<typeof schema>;
type IssuerSettings = Settings['issuers'][number] & { readonly audiences: readonly string[] };

/** Every setting, with its default where none was given. */
export type Config = Omit<Settings, 'issuers'> & { readonly issuers: readonly IssuerSettings[] };

/** The settings of this process. Throws a `ConfigError` that names every bad one. */
export function readConfig(source: ConfigSource): Config {
  const config = loadConfig(withIssuerFromEnv(source.env), envNames, source);
  return {
    ...config,
    issuers: config.issuers.map((entry) => ({ ...entry, audiences: entry.audiences ?? [config.resource] })),
  };
}

/** `OAUTH_ISSUER` and its companions describe `issuers[0]`; a file may list more. */
function withIssuerFromEnv(env: ConfigSource['env']) {
  const fromEnv: Record<string, string> = {};
  for (const [name, member] of Object.entries(issuerEnv)) {
    const value = env[name];
    if (value !== undefined && value !== '') fromEnv[member] = value;
  }
  if (Object.keys(fromEnv).length === 0) return schema;
  return z.preprocess((settings) => {
    const { issuers, ...rest } = settings as { issuers?: unknown };
    const [first, ...others] = Array.isArray(issuers) ? issuers : [];
    return { ...rest, issuers: [{ ...first, ...fromEnv }, ...others] };
  }, schema);
}
