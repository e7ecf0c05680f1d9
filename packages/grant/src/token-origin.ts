/**
 * The token that a chain of tokens began with: what the identity provider issued when the user logged in. A token
 * that a broker minted is younger than the login it stands for; who asks for its age, or ends it with a session,
 * a client or a token of the provider, goes by this.
 */
export interface TokenOrigin {
  /** Exact `iss`. */
  readonly issuer: string;
  /** The client it was issued to. */
  readonly client: string;
  /** Its id by the issuer's profile. */
  readonly tokenId: string;
  /** `iat`, seconds since the epoch. */
  readonly issuedAt: number;
  /** `sid`, where the issuer sends one. */
  readonly session?: string;
}
