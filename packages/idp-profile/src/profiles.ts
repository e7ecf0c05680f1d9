import { auth0 } from './auth0.ts';
import { broker } from './broker.ts';
import { entra } from './entra.ts';
import { generic } from './generic.ts';
import { keycloak } from './keycloak.ts';
import { okta } from './okta.ts';
import type { IdpName, IdpProfile, ProfileName } from './profile.ts';

/** The profiles of identity providers by name. */
export const idpProfiles: Readonly<Record<IdpName, IdpProfile>> = { entra, okta, auth0, keycloak, generic };

/** The profiles of all that issues tokens, by name. */
export const issuerProfiles: Readonly<Record<ProfileName, IdpProfile>> = { ...idpProfiles, broker };

/** The profile of that name. Throws a `RangeError` that lists the names otherwise. */
export function idpProfile(name: string): IdpProfile {
  if (Object.hasOwn(issuerProfiles, name)) return issuerProfiles[name as ProfileName];
  throw new RangeError(
    `Unknown IdP profile "${name}". Use one of: ${Object.keys(issuerProfiles).join(', ')}.`,
  );
}
