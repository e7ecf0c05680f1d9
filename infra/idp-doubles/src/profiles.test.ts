import { idpProfiles } from '@mcp-obo/idp-profile';
import { describe, expect, it } from 'vitest';

/** Profiles that a test suite answers like: a double here, the dev identity provider, the real product. */
const answered: Readonly<Record<string, string>> = {
  entra: 'infra/idp-doubles',
  okta: 'infra/idp-doubles',
  auth0: 'infra/idp-doubles',
  generic: 'infra/dev-idp',
  keycloak: 'Keycloak itself, in e2e',
};

describe('profiles of identity providers', () => {
  it.each(Object.values(idpProfiles))('$name is experimental unless something answers like it', (profile) => {
    expect(profile.experimental).toBe(!Object.hasOwn(answered, profile.name));
  });
});
