export {
  type AdminAccess,
  createKeycloakAdmin,
  type KeycloakAdmin,
  KeycloakAdminError,
  type KeycloakEntity,
} from './admin.ts';
export { keycloakVersion } from './distribution.ts';
export { type Federation, federate, renderFederation } from './federation.ts';
export { type Keycloak, type KeycloakOptions, startKeycloak } from './keycloak.ts';
export { prepareKeycloak } from './prepare.ts';
export { KeycloakProblem } from './problem.ts';
export { type RealmRepresentation, type RealmUser, renderRealm } from './realm.ts';
export type { EngineName } from './runtime.ts';
export type { OtlpTarget } from './settings.ts';
