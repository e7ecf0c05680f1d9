export { type AddressPolicy, type AddressPolicyOptions, createAddressPolicy } from './address-policy.ts';
export { type BearerChallenge, bearerChallenge } from './challenge.ts';
export type { GuardedTls } from './guarded-connector.ts';
export { createGuardedFetch, type GuardedFetch, type GuardedFetchOptions } from './guarded-fetch.ts';
export { parseResource, protectedResourceMetadataUrl } from './resource.ts';
