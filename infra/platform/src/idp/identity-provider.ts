import type { KeycloakAdmin } from '@mcp-obo/keycloak';

/** Which identity provider the platform runs on. */
export const idpKinds = ['embedded', 'keycloak'] as const;
export type IdpKind = (typeof idpKinds)[number];

/** Where an issuer is and how its tokens are read, which every configuration file says. */
export interface IdpTraits {
  /** Path of a tenant's issuer below the identity provider's address. */
  readonly issuerPath: (tenant: string) => string;
  /** Profile of `@mcp-obo/idp-profile`. */
  readonly profile: 'generic' | 'keycloak';
}

export const idpTraits: Readonly<Record<IdpKind, IdpTraits>> = {
  embedded: { issuerPath: (tenant) => `/${tenant}`, profile: 'generic' },
  keycloak: { issuerPath: (tenant) => `/realms/${tenant}`, profile: 'keycloak' },
};

/** The identity provider of a running platform. */
export type IdentityProvider =
  | { readonly kind: 'embedded'; readonly version: string }
  | {
      readonly kind: 'keycloak';
      readonly version: string;
      /** How it runs: under Java on this machine, or in a container. */
      readonly engine: 'native' | 'container';
      /** The Admin REST API of all realms; each tenant is a realm of its name. */
      readonly admin: KeycloakAdmin;
      /** Ends it and starts it again, at the same address and with the same data. */
      readonly restart: () => Promise<void>;
    };
