export { defaultAlgorithms } from './algorithm.ts';
export {
  type AuthenticatorOptions,
  createAuthenticator,
  type HttpRefusal,
  type Outcome,
} from './authenticator.ts';
export { type CredentialRequest, readCredential } from './bearer.ts';
export type { IntrospectionConfig } from './introspection.ts';
export type { IssuerConfig } from './issuer-config.ts';
export type { Fetch } from './key-fetch.ts';
export {
  createLogoutTokenValidator,
  type LogoutToken,
  type LogoutTokenValidator,
  type LogoutTokenValidatorOptions,
} from './logout-token.ts';
export { type RefusalReason, refusalMessage, refusalReasons } from './refusal.ts';
export {
  type CredentialChange,
  credentialChanges,
  type EventPolicy,
  type SecurityEvent,
} from './security-event.ts';
export {
  createSecurityEventValidator,
  longestEventAge,
  type SecurityEventIssuer,
  type SecurityEventToken,
  type SecurityEventValidator,
  type SecurityEventValidatorOptions,
} from './security-event-token.ts';
export { type JsonProblem, parseStrictJson } from './strict-json.ts';
export { createValidator, type Validator } from './validator.ts';
export type { ValidatorEvent, ValidatorLog } from './validator-event.ts';
export type { ValidatorOptions } from './validator-options.ts';
export type { KeyProblem } from './verification-key.ts';
