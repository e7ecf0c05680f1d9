import type { RegisteredClient } from '../registered-client.ts';

/** An Okta organization: what an administrator has set up. */
export interface OktaOrganization {
  readonly authorizationServers: readonly OktaAuthorizationServer[];
  readonly clients: readonly OktaClient[];
  readonly users: readonly OktaUser[];
}

/** A custom authorization server: one issuer, one audience, own scopes and policies. */
export interface OktaAuthorizationServer {
  /** Last segment of the issuer: `default`, `aus…`. */
  readonly id: string;
  /** `aud` of all its tokens. */
  readonly audience: string;
  readonly scopes: readonly string[];
  /** Ids of servers whose tokens it takes as subject tokens, besides its own. */
  readonly trustedServers?: readonly string[];
  readonly policies: readonly OktaAccessPolicy[];
}

/** A rule of an access policy. Without a matching one nothing is issued. */
export interface OktaAccessPolicy {
  readonly clients: readonly string[];
  readonly scopes: readonly string[];
  /** Life of access tokens in seconds. Default 3600. */
  readonly lifetime?: number;
}

export interface OktaClient extends RegisteredClient {
  readonly grantTypes: readonly string[];
}

export interface OktaUser {
  /** User id (`00u…`): `uid` of access tokens. */
  readonly id: string;
  /** Login name: `sub` of access tokens. */
  readonly login: string;
  readonly groups?: readonly string[];
}
