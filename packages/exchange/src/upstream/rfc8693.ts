import type { IdpProfile } from '@mcp-obo/idp-profile';
import { type GrantRequest, scopeText, targetParameter } from './grant-request.ts';
import type { UpstreamExchange } from './upstream.ts';

/** `urn:ietf:params:oauth:token-type:access_token` (RFC 8693 §3). */
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';

/** Token exchange (RFC 8693 §2.1), as Keycloak, Okta, Auth0 and every server that follows the RFC take it. */
export function rfc8693Request(profile: IdpProfile, request: UpstreamExchange): GrantRequest {
  return {
    grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
    parameters: {
      subject_token: request.subjectToken,
      subject_token_type: accessTokenType,
      requested_token_type: request.requestedTokenType,
      ...targetParameter(profile.exchange.targetParameter, request),
      scope: scopeText(profile, request),
      ...(request.actorToken === undefined
        ? {}
        : { actor_token: request.actorToken, actor_token_type: accessTokenType }),
      ...(request.claims === undefined ? {} : { claims: request.claims }),
    },
  };
}
