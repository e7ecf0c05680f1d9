export type { Act } from './auth0/access-token.ts';
export {
  type Auth0Double,
  type Auth0DoubleOptions,
  type MintAuth0Token,
  startAuth0Double,
} from './auth0/double.ts';
export { auth0Ids, exampleAuth0Tenant } from './auth0/example-tenant.ts';
export { type Auth0Reason, type Auth0RefusalRow, auth0Refusals } from './auth0/refusal.ts';
export type { Auth0Behaviour } from './auth0/routes.ts';
export type {
  Auth0Api,
  Auth0Client,
  Auth0ClientGrant,
  Auth0Tenant,
  Auth0User,
  TokenDialect,
} from './auth0/tenant.ts';
export type { RawAnswer } from './behaviour.ts';
export { type AadstsCode, type AadstsRow, aadsts } from './entra/aadsts.ts';
export type {
  AppRoleAssignment,
  ConditionalAccessPolicy,
  Consent,
  EntraApp,
  EntraDirectory,
  EntraSecret,
  EntraTenant,
  EntraUser,
  FederatedCredential,
} from './entra/directory.ts';
export { type EntraDouble, type EntraDoubleOptions, startEntraDouble } from './entra/double.ts';
export { type ExampleDirectoryOptions, entraIds, exampleEntraDirectory } from './entra/example-directory.ts';
export type { MintUserToken } from './entra/mint.ts';
export type { EntraBehaviour } from './entra/token-endpoint.ts';
export {
  type AssertingIdp,
  type AssertingIdpOptions,
  type MintAssertableToken,
  startAssertingIdp,
} from './id-jag/double.ts';
export type { AssertingClient } from './id-jag/grant.ts';
export {
  type MintOktaToken,
  type OktaDouble,
  type OktaDoubleOptions,
  startOktaDouble,
} from './okta/double.ts';
export { exampleOrganization, oktaIds } from './okta/example-organization.ts';
export type {
  OktaAccessPolicy,
  OktaAuthorizationServer,
  OktaClient,
  OktaOrganization,
  OktaUser,
} from './okta/organization.ts';
export type { OktaApiError, OktaOAuthError } from './okta/refusal.ts';
export type { OktaBehaviour } from './okta/routes.ts';
export type { RecordedRequest } from './recorded-request.ts';
export type { RegisteredClient } from './registered-client.ts';
