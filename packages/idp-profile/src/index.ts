export { auth0 } from './auth0.ts';
export { entra } from './entra.ts';
export { generic } from './generic.ts';
export { keycloak } from './keycloak.ts';
export { okta } from './okta.ts';
export type { Claims, ExchangeProfile, IdpName, IdpProfile, ScopeProfile, TokenProfile } from './profile.ts';
export { idpProfile, idpProfiles } from './profiles.ts';
