import type { Actor } from './actor.ts';
import type { TokenOrigin } from './token-origin.ts';
import type { UserKey } from './user-key.ts';

/**
 * What a validated access token grants. Made by a validator only, deeply frozen, and free of the token
 * itself: it can be logged field by field, kept in a cache and handed to tools.
 */
export interface Grant {
  /** Exact `iss`. */
  readonly issuer: string;
  /** Name of the configured tenant the issuer belongs to. */
  readonly tenant: string;
  /** Name of the issuer's profile (`entra`, `okta`, `auth0`, `keycloak`, `generic`). */
  readonly profile: string;
  /** `sub`. */
  readonly subject: string;
  /** The user; absent when the token speaks for a client alone (client credentials). */
  readonly user?: UserKey;
  /** The client the token was issued to (`client_id`, `azp`, `appid` or `cid` by profile). */
  readonly client: string;
  /** `jti` or `uti`. */
  readonly tokenId: string;
  /** `sid`, where the issuer sends one. */
  readonly session?: string;
  /** Scopes by the platform's names: the issuer's prefixes are taken off. Sorted, unique. */
  readonly scopes: readonly string[];
  /** Roles as the issuer's profile finds them. Sorted, unique. */
  readonly roles: readonly string[];
  /** Groups by full path or id. Sorted, unique. */
  readonly groups: readonly string[];
  /** True when the token says that it holds only a part of the groups; a rule on groups must then refuse. */
  readonly groupsOverage: boolean;
  /** Names from `mcp_allowed_tools`; absent means no narrowing, empty means no tool. */
  readonly allowedTools?: readonly string[];
  /** `aud`, as a list. */
  readonly audience: readonly string[];
  /** `iat`, seconds since the epoch. */
  readonly issuedAt: number;
  /** `exp`, seconds since the epoch. */
  readonly expiresAt: number;
  /** `auth_time`, seconds since the epoch. */
  readonly authTime?: number;
  readonly acr?: string;
  readonly amr: readonly string[];
  /** Who acts for the subject (RFC 8693 §4.1). */
  readonly act?: Actor;
  /** The first token of the chain, where this one was minted by a broker. */
  readonly origin?: TokenOrigin;
  /** Confirmation the presenter has proved (RFC 7800). */
  readonly cnf?: Readonly<Record<string, unknown>>;
  /** SHA-256 of the token, base64url. */
  readonly tokenHash: string;
  /** All claims of the token, deeply frozen. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** When the identity provider last spoke for the user, seconds since the epoch: minting makes no token younger. */
export function originallyIssuedAt({ origin, issuedAt }: Pick<Grant, 'origin' | 'issuedAt'>): number {
  return Math.min(issuedAt, origin?.issuedAt ?? issuedAt);
}

/** Freezes a grant and all it holds, so that no tool can widen what the token said. */
export function freezeGrant(grant: Grant): Grant {
  return deepFreeze(grant);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) deepFreeze(member);
  return Object.freeze(value);
}
