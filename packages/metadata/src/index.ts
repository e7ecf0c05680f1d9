export { type AddressPolicy, type AddressPolicyOptions, createAddressPolicy } from './address-policy.ts';
export {
  type AuthorizationServerMetadata,
  type DiscoveryOptions,
  discoverAuthorizationServer,
} from './authorization-server.ts';
export { type BearerChallenge, bearerChallenge } from './challenge.ts';
export {
  type ClientIdMetadataDocument,
  type ClientIdMetadataOptions,
  clientIdMetadataDocument,
  readClientIdMetadataDocument,
} from './client-metadata-document.ts';
export { allowedHeaders, exposedHeaders } from './cors.ts';
export {
  type ProtectedResourceMetadata,
  type ProtectedResourceOptions,
  protectedResourceMetadata,
} from './document.ts';
export type { GuardedTls } from './guarded-connector.ts';
export { createGuardedFetch, type GuardedFetch, type GuardedFetchOptions } from './guarded-fetch.ts';
export { authorizationServerMetadataUrls, parseIssuer } from './issuer.ts';
export {
  discoverProtectedResource,
  type ForeignResourceMetadata,
  type ResourceDiscoveryOptions,
} from './protected-resource.ts';
export { type ReceivedChallenge, readChallenges } from './read-challenges.ts';
export { isLoopbackHost, parseResource, protectedResourceMetadataUrl } from './resource.ts';
export {
  createMetadataResponder,
  type MetadataRequest,
  type MetadataResponder,
  type MetadataResponse,
  type MetadataRoutesOptions,
} from './responder.ts';
