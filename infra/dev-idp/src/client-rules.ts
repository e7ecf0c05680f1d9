import { type ClientMetadata, errors } from 'oidc-provider';

const dynamicGrantTypes = new Set(['authorization_code', 'refresh_token']);

/**
 * Rules for clients that bring their own metadata: by dynamic registration (RFC 7591) or by a client ID
 * metadata document. They become native public-style clients with redirects to loopback of any port,
 * https or a private scheme (RFC 8252 §7), cannot get grants that need an administrator, and `scope` is
 * dropped, because as a ceiling it would make every later step-up fail with `invalid_scope`.
 */
export function createClientRules(registeredIds: ReadonlySet<string>): (metadata: ClientMetadata) => void {
  return (metadata) => {
    if (registeredIds.has(metadata.client_id)) return;
    delete metadata.scope;
    metadata.application_type = 'native';
    if (!Array.isArray(metadata.grant_types)) return;
    metadata.grant_types = metadata.grant_types.filter((grant) => dynamicGrantTypes.has(grant));
    if (metadata.grant_types.length === 0)
      throw new errors.InvalidClientMetadata('grant_types has no value that is open to registered clients');
  };
}
