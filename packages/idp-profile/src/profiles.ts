import { auth0 } from './auth0.ts';
import { entra } from './entra.ts';
import { generic } from './generic.ts';
import { keycloak } from './keycloak.ts';
import { okta } from './okta.ts';
import type { IdpName, IdpProfile } from './profile.ts';

/** All profiles by name. */
export const idpProfiles: Readonly<Record<IdpName, IdpProfile>> = { entra, okta, auth0, keycloak, generic };

/** The profile of that name. Throws a `RangeError` that lists the names otherwise. */
export function idpProfile(name: string): IdpProfile {
  if (Object.hasOwn(idpProfiles, name)) return idpProfiles[name as IdpName];
  throw new RangeError(`Unknown IdP profile "${name}". Use one of: ${Object.keys(idpProfiles).join(', ')}.`);
}
