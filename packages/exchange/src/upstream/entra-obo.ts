import type { IdpProfile } from '@mcp-obo/idp-profile';
import { OAuthError } from '@mcp-obo/oauth-error';
import { type GrantRequest, scopeText } from './grant-request.ts';
import type { UpstreamExchange } from './upstream.ts';

/** MSAL adds these to every request of a user; Entra then also sends tokens that are dropped unread. */
const openIdScopes = 'openid profile offline_access';

/**
 * The on-behalf-of request of Microsoft Entra ID ("Microsoft identity platform and OAuth 2.0 On-Behalf-Of
 * flow"), parameter by parameter what `@azure/msal-node` sends, without what MSAL says of itself.
 */
export function entraOboRequest(profile: IdpProfile, request: UpstreamExchange): GrantRequest {
  if (request.actorToken !== undefined) {
    throw new OAuthError('invalid_request', 'The identity provider takes no actor token.', {
      reason: 'actor_unsupported',
    });
  }
  return {
    grantType: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    parameters: {
      scope: `${scopeText(profile, request)} ${openIdScopes}`,
      client_info: '1',
      requested_token_use: 'on_behalf_of',
      assertion: request.subjectToken,
      ...(request.claims === undefined ? {} : { claims: request.claims }),
    },
  };
}
