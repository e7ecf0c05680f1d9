/** How a user logged in, by what the issuer says of it (OpenID Connect Core §2). */
export interface Login {
  /** `auth_time`, seconds since the epoch. */
  readonly authTime?: number;
  /** `acr`, and what the issuer's profile has in its place. */
  readonly acr: readonly string[];
  readonly amr: readonly string[];
}
