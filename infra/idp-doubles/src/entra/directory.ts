import type { JSONWebKeySet } from 'jose';

/** A directory of tenants: what an administrator has set up. Ids are GUIDs, as at Microsoft. */
export interface EntraDirectory {
  readonly tenants: readonly EntraTenant[];
}

export interface EntraTenant {
  readonly id: string;
  readonly users: readonly EntraUser[];
  readonly apps: readonly EntraApp[];
  /** Delegated permissions that were consented to. */
  readonly consents: readonly Consent[];
  /** Application permissions that an administrator assigned. */
  readonly appRoleAssignments?: readonly AppRoleAssignment[];
  readonly policies?: readonly ConditionalAccessPolicy[];
}

export interface EntraUser {
  /** Object id: the same for every application of the tenant. */
  readonly oid: string;
  readonly upn: string;
  readonly name: string;
  /** Object ids of groups. */
  readonly groups?: readonly string[];
  /** App roles by the `appId` of the resource. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
}

/** An app registration with its service principal. */
export interface EntraApp {
  readonly appId: string;
  /** Object id of the service principal; `oid` and `sub` of its app-only tokens. */
  readonly servicePrincipalId: string;
  readonly name: string;
  readonly identifierUris?: readonly string[];
  /** `requestedAccessTokenVersion` of the manifest: the format of tokens *for* this app. */
  readonly accessTokenAcceptedVersion: 1 | 2;
  /** Delegated permissions that it exposes. */
  readonly scopes?: readonly string[];
  /** Where users may be sent back to, byte for byte (platform "Web"). */
  readonly redirectUris?: readonly string[];
  readonly secrets?: readonly EntraSecret[];
  /** PEM certificates whose keys sign its client assertions. */
  readonly certificates?: readonly string[];
  readonly federatedCredentials?: readonly FederatedCredential[];
  /** Optional claims of tokens *for* this app. */
  readonly optionalClaims?: readonly ('groups' | 'idtyp' | 'xms_cc')[];
}

export interface EntraSecret {
  readonly value: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
}

/** Trust in a token of another identity provider as this app's credential. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly jwks: JSONWebKeySet;
}

export interface Consent {
  /** `appId` of the client. */
  readonly client: string;
  /** `appId` of the resource. */
  readonly resource: string;
  readonly scopes: readonly string[];
  /** `oid` of the user; absent when an administrator consented for all. */
  readonly user?: string;
}

export interface AppRoleAssignment {
  readonly client: string;
  readonly resource: string;
  readonly roles: readonly string[];
}

export interface ConditionalAccessPolicy {
  /** Appears in `capolids` of the claims challenge. */
  readonly id: string;
  /** `appId` of the resource it guards. */
  readonly resource: string;
  /** `mfa` and `register-mfa` are met by a sign-in with the challenge's claims; `block` never is. */
  readonly control: 'mfa' | 'register-mfa' | 'block';
}

/** The app with that `appId`. */
export function findApp(tenant: EntraTenant, appId: string | undefined): EntraApp | undefined {
  return tenant.apps.find((app) => app.appId === appId);
}

/** Everything a token or a scope can call an app by. */
export function identifiersOf(app: EntraApp): readonly string[] {
  return [...(app.identifierUris ?? []), app.appId];
}
