export { type PartName, type Ports, partNames, portsFrom, type Urls } from './addresses.ts';
export { type BreakName, breakName, breaks } from './breaks.ts';
export {
  brokerClientId,
  type DomainTenant,
  type DomainUser,
  firstScopes,
  interactiveClient,
  machine,
  type TenantName,
  target,
  tenants,
} from './domain.ts';
export { type IdentityProvider, type IdpKind, idpKinds } from './idp/identity-provider.ts';
export { type Platform, type PlatformUser, startPlatform } from './platform.ts';
export type { PlatformOptions } from './platform-options.ts';
export type { Secrets } from './secrets.ts';
