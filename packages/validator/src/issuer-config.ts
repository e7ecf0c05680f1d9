import { type IdpProfile, idpProfile, type ProfileName } from '@mcp-obo/idp-profile';
import { algorithmNamed, defaultAlgorithms } from './algorithm.ts';
import type { IntrospectionConfig } from './introspection.ts';

/** One trusted issuer, as configured. */
export interface IssuerConfig {
  /** Exact `iss`, byte for byte: a trailing slash counts. */
  readonly issuer: string;
  /** Name of the tenant its users belong to. Several issuers may share one (Entra v1.0 and v2.0). */
  readonly tenant: string;
  /** How its tokens look; a name or an own profile. */
  readonly profile: IdpProfile | ProfileName;
  /** This server's identifiers at the issuer: canonical URL, `api://…` or GUID. One must be in `aud`. */
  readonly audiences: readonly string[];
  /** Further audiences that may stand beside them (Keycloak's `account`). */
  readonly companions?: readonly string[];
  /** Where its keys are; found by discovery when absent. */
  readonly jwksUri?: string;
  /** Accepted `alg` values, asymmetric ones only. Default: RS256, ES256, ES384, ES512, EdDSA. */
  readonly algorithms?: readonly string[];
  /** Longest accepted `exp - iat` in seconds. Default: the profile's. */
  readonly maxLifetime?: number;
  /** What the issuer puts in front of scopes (`api://app/`); taken off. */
  readonly scopePrefixes?: readonly string[];
  /** Accepted `typ` values; `''` for an absent one. Default: the profile's. */
  readonly typ?: readonly string[];
  /** Issuers whose users its tokens may name, for profiles that do (`broker`). None by default. */
  readonly vouchesFor?: readonly string[];
  /** How the issuer is asked about tokens (RFC 7662). Absent: never, and opaque tokens are refused. */
  readonly introspection?: IntrospectionConfig;
}

/** One trusted issuer, complete and checked. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly tenant: string;
  readonly profile: IdpProfile;
  readonly audiences: ReadonlySet<string>;
  readonly companions: ReadonlySet<string>;
  readonly jwksUri: string | undefined;
  readonly algorithms: readonly string[];
  readonly maxLifetime: number;
  readonly scopePrefixes: readonly string[];
  /** Lower case, without `application/`. */
  readonly typ: readonly string[];
  readonly vouchesFor: ReadonlySet<string>;
  readonly introspection: IntrospectionConfig | undefined;
}

/**
 * Completes the configured issuers with their profiles.
 *
 * @throws TypeError that names every wrong option.
 */
export function parseIssuers(configs: readonly IssuerConfig[]): readonly TrustedIssuer[] {
  const problems = configs.flatMap((config, index) =>
    problemsOf(config).map((problem) => `issuers[${index}].${problem}`),
  );
  if (configs.length === 0) problems.push('issuers must name at least one issuer');
  const names = configs.map(({ issuer }) => issuer);
  const repeated = names.filter((name, index) => names.indexOf(name) !== index);
  const opaque = configs.filter(({ introspection }) => introspection && introspection.tokens !== 'jwt');
  if (opaque.length > 1)
    problems.push('issuers may have one issuer of opaque tokens, as nothing in them says whose they are');
  for (const name of new Set(repeated)) problems.push(`issuers names ${name} more than once`);
  problems.push(...foreignVouching(configs));
  if (problems.length > 0) throw new TypeError(`Wrong validator options: ${problems.join('; ')}.`);
  return configs.map(complete);
}

function complete(config: IssuerConfig): TrustedIssuer {
  const profile = typeof config.profile === 'string' ? idpProfile(config.profile) : config.profile;
  return {
    issuer: config.issuer,
    tenant: config.tenant,
    profile,
    audiences: new Set(config.audiences),
    companions: new Set(config.companions),
    jwksUri: config.jwksUri,
    algorithms: config.algorithms ?? defaultAlgorithms,
    maxLifetime: config.maxLifetime ?? profile.token.maxLifetime,
    scopePrefixes: config.scopePrefixes ?? [],
    typ: (config.typ ?? profile.token.typ).map((typ) => typ.toLowerCase().replace(/^application\//, '')),
    vouchesFor: new Set(config.vouchesFor),
    introspection: config.introspection,
  };
}

type Rule = readonly [isBroken: (config: IssuerConfig) => boolean, problem: string];

const rules: readonly Rule[] = [
  [
    ({ issuer }) => !URL.canParse(issuer) || /[?#]/.test(issuer),
    'issuer must be a URL without query and fragment (RFC 8414 §2)',
  ],
  [({ tenant }) => tenant === '', 'tenant must not be empty'],
  [
    ({ profile }) => typeof profile === 'string' && !isProfile(profile),
    'profile must be entra, okta, auth0, keycloak, generic, broker or a profile object',
  ],
  [({ audiences }) => audiences.length === 0 || audiences.includes(''), 'audiences must name this server'],
  [({ jwksUri }) => jwksUri !== undefined && !URL.canParse(jwksUri), 'jwksUri must be a URL'],
  [
    ({ algorithms }) =>
      algorithms?.length === 0 || algorithms?.some((name) => !algorithmNamed(name)) === true,
    'algorithms must be asymmetric JWS algorithms (RFC 8725 §3.1)',
  ],
  [
    ({ maxLifetime }) => maxLifetime !== undefined && !(maxLifetime > 0),
    'maxLifetime must be a positive number of seconds',
  ],
  [({ typ }) => typ?.length === 0, 'typ must name at least one type'],
  [
    ({ introspection }) => introspection !== undefined && !URL.canParse(introspection.endpoint),
    'introspection.endpoint must be a URL',
  ],
  [
    ({ introspection }) => introspection?.maxAge !== undefined && !(introspection.maxAge >= 0),
    'introspection.maxAge must be a number of seconds from 0 on',
  ],
  [
    ({ profile, vouchesFor = [] }) => vouchesFor.length > 0 && !namesUsersOfOthers(profile),
    'vouchesFor needs a profile whose tokens name users of other issuers (broker)',
  ],
];

function problemsOf(config: IssuerConfig): string[] {
  return rules.flatMap(([isBroken, problem]) => (isBroken(config) ? [problem] : []));
}

/** Who speaks for users of an issuer must be of its tenant. */
function foreignVouching(configs: readonly IssuerConfig[]): readonly string[] {
  const tenants = new Map(configs.map(({ issuer, tenant }) => [issuer, tenant]));
  return configs.flatMap(({ tenant, vouchesFor = [] }, index) =>
    vouchesFor
      .filter((name) => tenants.has(name) && tenants.get(name) !== tenant)
      .map((name) => `issuers[${index}].vouchesFor names ${name}, which is of another tenant`),
  );
}

function namesUsersOfOthers(profile: IdpProfile | ProfileName): boolean {
  if (typeof profile !== 'string') return profile.token.userIssuer !== undefined;
  return isProfile(profile) && idpProfile(profile).token.userIssuer !== undefined;
}

function isProfile(name: string): boolean {
  try {
    return idpProfile(name) !== undefined;
  } catch {
    return false;
  }
}
