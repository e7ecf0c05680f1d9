import { X509Certificate } from 'node:crypto';
import {
  endpointSetting,
  networksSetting,
  resourceUriSetting,
  scopeSetting,
  serverUrlSetting,
} from '@mcp-obo/config';
import { type IdpName, idpProfiles } from '@mcp-obo/idp-profile';
import { checkRedis, redisMembers } from '@mcp-obo/redis-connection';
import { z } from 'zod';
import { resourceSection } from '../registry/resource-section.ts';
import { securityEventsSection } from '../security-events/section.ts';
import { callerAuth, upstreamCredential } from './credentials.ts';
import { name } from './identifiers.ts';
import { mintSection } from './mint.ts';
import { type ConfigFiles, textSetting } from './secrets.ts';

const seconds = z.number().int().positive();
const grantNames = ['token-exchange', 'jwt-bearer', 'client_credentials'] as const;

function issuer(files: ConfigFiles) {
  return z.strictObject({
    /** Name of the tenant; policy rules, audit and rows use it. */
    tenant: name,
    /** Exact `iss` of the tokens. */
    issuer: z.string().min(1),
    profile: z.enum(Object.keys(idpProfiles) as [IdpName, ...IdpName[]]).default('generic'),
    /** Audiences that may stand beside a client's own in a subject token (Keycloak's `account`). */
    companions: z.array(z.string()).default([]),
    /** Found by discovery when absent. */
    jwks_uri: endpointSetting.optional(),
    /** Found by discovery when absent. */
    token_endpoint: endpointSetting.optional(),
    algorithms: z.array(z.string()).min(1).optional(),
    max_lifetime: seconds.optional(),
    /** `iss` of tokens it gives for targets, where there are more than the one above (Entra v1.0 tokens). */
    answer_issuers: z.array(z.string().min(1)).default([]),
    /** What stands before scope names in its tokens (`api://app-id/`). */
    scope_prefixes: z.array(z.string()).default([]),
    /** Clients whose logout tokens are sent here, besides the clients' own registrations. */
    logout_audiences: z.array(z.string().min(1)).default([]),
    /** How it tells of sessions and accounts that have ended; absent: not this way. */
    security_events: securityEventsSection(files).optional(),
  });
}

const authorizationServer = z.strictObject({
  /** Exact `iss` of its tokens, and the audience of the assertions it takes. */
  issuer: z.string().min(1),
  profile: z.enum(Object.keys(idpProfiles) as [IdpName, ...IdpName[]]).default('generic'),
  /** Found by discovery when absent. */
  jwks_uri: endpointSetting.optional(),
  /** Found by discovery when absent. */
  token_endpoint: endpointSetting.optional(),
});

const perIssuer = z.union([z.string().min(1), z.record(z.string(), z.string().min(1))]);

const target = z.strictObject({
  name,
  /** What the issuers know it by: one name for all, or one for each. */
  audience: perIssuer,
  /** `aud` of the tokens that come back, where it is another name (Entra v2.0 tokens carry the GUID). */
  answer_audience: perIssuer.optional(),
  /** Audiences that may stand beside it in `aud`. */
  companions: z.array(z.string()).default([]),
  /** RFC 8707 identifier, where it differs from the audience. */
  resource: resourceUriSetting.optional(),
  /** `jwt`: the answer is checked claim by claim. `opaque`: never parsed (Microsoft Graph). */
  kind: z.enum(['jwt', 'opaque']).default('jwt'),
  /** Who gives tokens for it: the user's own issuer, this broker, or another domain's authorization server. */
  upstream: z.enum(['issuer', 'mint', 'id-jag']).default('issuer'),
  /** With `id-jag`: issuer of that authorization server. */
  authorization_server: z.string().min(1).optional(),
  /** Every scope it has for users. */
  scopes: z.array(scopeSetting).min(1),
  /** Every scope it has for machines. */
  machine_scopes: z.array(scopeSetting).default([]),
  /** Scopes an issuer adds by itself and that carry no right (`email`). */
  ignored_scopes: z.array(scopeSetting).default([]),
  /** What stands before its scopes at issuers that prefix them; the audience and `/` when absent. */
  scope_prefix: perIssuer.optional(),
  max_lifetime: seconds.optional(),
});

const rule = z.strictObject({
  clients: z.array(name).min(1),
  target: name,
  tenants: z.array(name).min(1),
  /** All are needed in the subject token. */
  subject_scopes: z.array(scopeSetting).optional(),
  /** The ceiling. */
  scopes: z.array(scopeSetting).min(1),
  /** True: for client credentials; else on behalf of a user. */
  machine: z.boolean().optional(),
});

/** Where answers are kept: in Redis, or, where none is named, in the memory of this process. */
function cache(files: ConfigFiles) {
  return z
    .strictObject({
      ...redisMembers(textSetting(files)),
      prefix: z.string().min(1).default('mcp-obo:'),
      /** Replicas that must have an eviction before it counts; one with Sentinels and in a Cluster, else none. */
      replicas: z.number().int().min(0).optional(),
      /** Bound of the memory of this process, in front of Redis or alone; 0 keeps nothing there. */
      memory_mib: z.number().int().min(0).default(64),
      /** How long a refusal that would come again is remembered; 0 remembers none. */
      negative_seconds: z.number().int().min(0).max(300).default(30),
    })
    .superRefine(checkRedis);
}

/** The sections of the configuration file, each with its schema. `docs/configuration.md` is held against this. */
export function configSections(files: ConfigFiles) {
  const client = z.strictObject({
    /** `client_id` at the broker. */
    id: name,
    grants: z
      .array(z.enum(grantNames))
      .min(1)
      .default([...grantNames]),
    auth: callerAuth(files),
    /** May revoke every token, and a session, user or client as a whole. */
    operator: z.boolean().default(false),
    /** Where its users come back to from an issuer, byte for byte; none: they cannot be sent there. */
    redirect_uris: z.array(serverUrlSetting).default([]),
    /** Its own registration at each issuer; nobody else's is ever used. */
    upstream: z.array(upstreamCredential(files)).default([]),
  });
  return {
    /** Public URL of this broker: issuer of its metadata, audience of client assertions. */
    issuer: serverUrlSetting,
    listen: listen(files).prefault({}),
    issuers: z.array(issuer(files)).min(1),
    /** Of resources in other domains, which take identity assertions of the issuers. */
    authorization_servers: z.array(authorizationServer).default([]),
    clients: z.array(client).min(1),
    /** What tokens are exchanged for whom. A name stands for one resource. */
    resources: z.array(resourceSection).min(1),
    targets: z.array(target).min(1),
    /** The version is part of every cache key: change it with the rules. Nothing is allowed without a rule. */
    policy: z.strictObject({ version: z.string().min(1), rules: z.array(rule).min(1) }),
    cache: cache(files).prefault({}),
    /** Key ring that seals cached tokens, 32 bytes in base64 a line: the first seals, all open. Absent: made at start. */
    seal: z.strictObject({ keys: textSetting(files).transform(parseKeyRing) }).optional(),
    network: network(files).prefault({}),
    /** Tokens that the broker signs itself. */
    mint: mintSection(files).optional(),
    /** How often the file, and those it names, are looked at for changes; 0: never. */
    reload_seconds: z.number().int().min(0).default(5),
    /** Requests that are worked on at once; more are answered with 503. */
    requests_at_once: z.number().int().positive().default(1000),
    /** Largest token request. */
    body_limit_bytes: z.coerce.number().int().min(1024).max(1_048_576).default(65_536),
    /** File for audit records, one JSON line each; absent: standard output. */
    audit_file: z.string().min(1).optional(),
    log_level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  };
}

function listen(files: ConfigFiles) {
  return z.strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.coerce.number().int().min(0).max(65_535).default(4001),
    /** PEM. */
    tls: z
      .strictObject({
        key: textSetting(files),
        cert: textSetting(files),
        /** Authorities of client certificates, PEM: for callers that prove themselves by one, and for an edge. */
        client_ca: textSetting(files).transform(parseAuthorities).optional(),
        /** An edge that ends TLS and names the certificate of its client in a header. */
        forwarded_certificate: z
          .strictObject({
            /** Name of the header (RFC 9440). */
            header: z
              .string()
              .regex(/^[A-Za-z][A-Za-z0-9-]*$/)
              .transform((header) => header.toLowerCase())
              .default('client-cert'),
            /** DNS name in the certificate that the edge itself shows; the header of nobody else is read. */
            from: z.string().min(1),
          })
          .optional(),
      })
      .refine(
        ({ client_ca, forwarded_certificate }) =>
          forwarded_certificate === undefined || client_ca !== undefined,
        {
          path: ['client_ca'],
          message: 'is required with forwarded_certificate: the edge proves itself by a certificate',
        },
      )
      .optional(),
  });
}

function network(files: ConfigFiles) {
  return z.strictObject({
    /** Longest wait for one answer of an issuer. */
    timeout_seconds: seconds.default(5),
    /** Longest time an exchange may take, with its retries and its waiting for other replicas. */
    deadline_seconds: seconds.default(10),
    /** Attempts after the first; for faults only. */
    retries: z.number().int().min(0).max(10).default(2),
    /** Token requests under way at one issuer. */
    concurrency: z.number().int().positive().default(64),
    /** Token requests that may wait for their turn at one issuer; more are answered with 503. */
    queue: z.number().int().min(0).default(256),
    /** Time without a request to an issuer that mostly answers with faults. */
    rest_seconds: seconds.default(5),
    /** Hosts or address ranges of the private network that issuers may have. */
    allow_private: networksSetting.default([]),
    /** Allows issuers on this machine over http; for development. */
    allow_loopback: z.boolean().default(false),
    /** PEM of the authorities that alone may have signed an issuer's certificate. */
    ca: textSetting(files).transform(parseAuthorities).optional(),
  });
}

function parseAuthorities(text: string, context: z.RefinementCtx): string {
  try {
    new X509Certificate(text);
    return text;
  } catch {
    context.addIssue('must hold certificates as PEM');
    return z.NEVER;
  }
}

function parseKeyRing(text: string, context: z.RefinementCtx): readonly Uint8Array[] {
  const keys = text
    .split(/\s+/)
    .filter(Boolean)
    .map((line) => Buffer.from(line, 'base64'));
  if (keys.length > 0 && keys.every((key) => key.length === 32)) return keys;
  context.addIssue('every line of the key ring must be 32 bytes in base64 (openssl rand -base64 32)');
  return z.NEVER;
}
