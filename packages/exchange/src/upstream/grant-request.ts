import type { IdpProfile } from '@mcp-obo/idp-profile';
import { emitScopes } from '@mcp-obo/scopes';

/** A token request before the client authenticates. */
export interface GrantRequest {
  readonly grantType: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What names the target in a request, by the issuer's profile. */
export interface TargetNames {
  readonly audience: string;
  readonly resource?: string;
  readonly scopes: readonly string[];
  readonly scopePrefix: string;
}

/** The one parameter that names the target; none where the scope's prefix does. */
export function targetParameter(
  which: 'audience' | 'resource' | 'scope',
  { audience, resource = audience }: TargetNames,
): Readonly<Record<string, string>> {
  return { audience: { audience }, resource: { resource }, scope: {} }[which];
}

/** `scope` in the issuer's dialect. */
export function scopeText(profile: IdpProfile, { scopes, scopePrefix }: TargetNames): string {
  return emitScopes(scopes, profile, scopePrefix);
}

/** `urn:ietf:params:oauth:token-type:id-jag` (draft-ietf-oauth-identity-assertion-authz-grant §4). */
export const idJagType = 'urn:ietf:params:oauth:token-type:id-jag';
