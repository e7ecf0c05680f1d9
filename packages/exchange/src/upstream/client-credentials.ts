import type { IdpProfile } from '@mcp-obo/idp-profile';
import { type GrantRequest, scopeText, targetParameter } from './grant-request.ts';
import type { UpstreamClientCredentials } from './upstream.ts';

/**
 * Client credentials (RFC 6749 §4.4) for a target. Where scopes are prefixed (Entra) an application gets
 * what an administrator consented to, all of it, by `/.default`.
 */
export function clientCredentialsRequest(
  profile: IdpProfile,
  request: UpstreamClientCredentials,
): GrantRequest {
  return {
    grantType: 'client_credentials',
    parameters: {
      ...targetParameter(profile.exchange.machineTargetParameter, request),
      scope: scopeText(profile, profile.scopes.prefixed ? { ...request, scopes: ['.default'] } : request),
    },
  };
}
