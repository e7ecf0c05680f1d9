export { auth0 } from './auth0.ts';
export { broker } from './broker.ts';
export { entra } from './entra.ts';
export { generic } from './generic.ts';
export { keycloak } from './keycloak.ts';
export { okta } from './okta.ts';
export type {
  Claims,
  ExchangeProfile,
  IdpName,
  IdpProfile,
  ProfileName,
  RevocationProfile,
  ScopeProfile,
  TokenProfile,
} from './profile.ts';
export { idpProfile, idpProfiles, issuerProfiles } from './profiles.ts';
