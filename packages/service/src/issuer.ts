import { endpointSetting, secondsSetting, serverUrlSetting, wordsSetting } from '@mcp-obo/config';
import { issuerProfiles, type ProfileName } from '@mcp-obo/idp-profile';
import { z } from 'zod';
import { introspectionOf, introspectionSetting } from './introspection.ts';

const profileNames = Object.keys(issuerProfiles) as [ProfileName, ...ProfileName[]];

/** What every resource server says of an issuer that it trusts. */
const members = {
  /** Name of the tenant: users, rows, caches and audit are kept apart under it. Several issuers may share one (Entra v1.0 and v2.0). */
  tenant: z.string().min(1).default('default'),
  /** Exact `iss` of its tokens. */
  issuer: serverUrlSetting,
  profile: z.enum(profileNames, `must be one of ${profileNames.join(', ')}`).default('generic'),
  /** Further `aud` values this issuer is known to add. */
  companions: wordsSetting.default([]),
  /** Where its keys are; default: found by discovery. */
  jwks_uri: endpointSetting.optional(),
  /** What stands before the scopes of this server, e.g. `api://app/`. */
  scope_prefix: z.string().optional(),
  max_lifetime: secondsSetting.optional(),
  /** How it is asked about tokens; absent: never, and opaque tokens are refused. */
  introspection: introspectionSetting.optional(),
  /** Issuers whose users a broker may name in the tokens it mints. */
  vouches_for: wordsSetting.default([]),
};

/** One of `issuers[]`; how the server is named in `aud` is its own to say. */
export function issuerSetting<A extends z.ZodType>(audiences: A) {
  return z
    .strictObject({ ...members, audiences })
    .refine(({ profile, vouches_for }) => (profile === 'broker') === (vouches_for as string[]).length > 0, {
      path: ['vouches_for'],
      message: 'must list the issuers whose users a broker may name; it goes with the profile broker alone',
    });
}

type IssuerMembers = z.output<z.ZodObject<typeof members>>;

/** The setting by the names of `@mcp-obo/validator`. */
export function trustedIssuer({
  jwks_uri,
  scope_prefix,
  max_lifetime,
  vouches_for,
  introspection,
  ...issuer
}: IssuerMembers & { readonly audiences: readonly string[] }) {
  return {
    ...issuer,
    vouchesFor: vouches_for,
    ...(jwks_uri === undefined ? {} : { jwksUri: jwks_uri }),
    ...(scope_prefix === undefined ? {} : { scopePrefixes: [scope_prefix] }),
    ...(max_lifetime === undefined ? {} : { maxLifetime: max_lifetime }),
    ...(introspection && { introspection: introspectionOf(introspection) }),
  };
}
