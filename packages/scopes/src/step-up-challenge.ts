import type { IdpProfile } from '@mcp-obo/idp-profile';
import type { Decision } from './decision.ts';
import { emitScopes } from './dialect.ts';

/** How one issuer wants to be asked. */
export interface ChallengeDialect {
  readonly profile: IdpProfile;
  /** Scope prefix of this API at the issuer (`api://my-app/`), where the profile needs one. */
  readonly prefix?: string;
  /** URL of the protected resource metadata (RFC 9728 §5.1). */
  readonly resourceMetadata: string;
}

/** Parameters of one `WWW-Authenticate` challenge, as `bearerChallenge` of `@mcp-obo/metadata` takes them. */
export interface StepUpChallenge {
  readonly resourceMetadata: string;
  readonly error:
    | 'insufficient_scope'
    | 'insufficient_user_authentication'
    | 'invalid_token'
    | 'insufficient_claims';
  readonly errorDescription: string;
  /** All scopes of the operation, in the issuer's dialect. */
  readonly scope: string;
  /** RFC 9470 §3. */
  readonly maxAge?: number;
  /** RFC 9470 §3, parted by spaces. */
  readonly acrValues?: string;
  /** Base64 of a claims request (Microsoft identity platform, claims challenge). */
  readonly claims?: string;
}

/**
 * A step-up in the words of one issuer. Entra is asked for an authentication context by a claims challenge,
 * since it knows no `acr_values`; the others by RFC 9470.
 */
export function stepUpChallenge(
  decision: Extract<Decision, { outcome: 'step-up' }>,
  dialect: ChallengeDialect,
): StepUpChallenge {
  const { error, scopes, maxAge, acrValues = [] } = decision.challenge;
  const byClaims = acrValues.length > 0 && dialect.profile.token.acrClaim === 'acrs';
  return {
    resourceMetadata: dialect.resourceMetadata,
    error: byClaims ? 'insufficient_claims' : error,
    errorDescription: decision.message,
    scope: emitScopes(scopes, dialect.profile, dialect.prefix),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(acrValues.length === 0
      ? {}
      : byClaims
        ? { claims: acrsRequest(acrValues) }
        : { acrValues: acrValues.join(' ') }),
  };
}

/** `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}` in base64, as the vendor's libraries decode it. */
function acrsRequest(acrValues: readonly string[]): string {
  const [value] = acrValues;
  const wanted = acrValues.length === 1 ? { value } : { values: acrValues };
  return btoa(JSON.stringify({ access_token: { acrs: { essential: true, ...wanted } } }));
}
