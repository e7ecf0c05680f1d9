/**
 * A user, as the issuer's profile names one: Entra `tid` + `oid` (its `sub` differs per application),
 * Okta `uid`, elsewhere `sub`. Rows, limits, audit and revocation use this and never `sub` alone.
 */
export interface UserKey {
  /** Exact `iss` of the token. */
  readonly issuer: string;
  /** The value that identifies the user at that issuer. */
  readonly key: string;
}

/** True only when issuer and key are both equal. */
export function sameUser(a: UserKey | undefined, b: UserKey | undefined): boolean {
  return a !== undefined && b !== undefined && a.issuer === b.issuer && a.key === b.key;
}

/** One unambiguous string for a user; two different users never share it. */
export function formatUserKey(user: UserKey): string {
  return JSON.stringify([user.issuer, user.key]);
}
