import type { RegisteredClient } from '../registered-client.ts';

/** An Auth0 tenant: what an administrator has set up. */
export interface Auth0Tenant {
  readonly apis: readonly Auth0Api[];
  readonly clients: readonly Auth0Client[];
  readonly clientGrants: readonly Auth0ClientGrant[];
  readonly users: readonly Auth0User[];
}

/** Formats of access tokens; those in `_authz` add the user's `permissions`. */
export type TokenDialect =
  | 'access_token'
  | 'access_token_authz'
  | 'rfc9068_profile'
  | 'rfc9068_profile_authz';

/** A resource server. */
export interface Auth0Api {
  /** `aud` of its tokens, and the value of `audience`. */
  readonly identifier: string;
  readonly scopes: readonly string[];
  /** Default `access_token`. */
  readonly dialect?: TokenDialect;
  /** Seconds. Default 86400. */
  readonly lifetime?: number;
}

export interface Auth0Client extends RegisteredClient {
  /** `resource_server` makes it a Custom API client. */
  readonly appType: 'resource_server' | 'non_interactive' | 'native';
  /** The API that a Custom API client is. */
  readonly resourceServerIdentifier?: string;
  /** True when On-Behalf-Of Token Exchange is switched on for it. */
  readonly onBehalfOf?: boolean;
}

/** What a client may ask of an API: for its users, or for itself. */
export interface Auth0ClientGrant {
  readonly clientId: string;
  readonly audience: string;
  readonly scopes: readonly string[];
  readonly subjectType: 'user' | 'client';
}

export interface Auth0User {
  /** `auth0|…`: `sub` of access tokens. */
  readonly id: string;
  /** Permissions by API, as roles give them (RBAC). */
  readonly permissions: Readonly<Record<string, readonly string[]>>;
}
