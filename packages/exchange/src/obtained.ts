/** By whom a token was obtained, where it can be revoked. */
export interface Obtained {
  /** Where it was asked for. */
  readonly issuer: string;
  /** The caller it was asked for. */
  readonly client: string;
  /** The client id of that caller's registration at the issuer. */
  readonly registration: string;
  /** When the token at the beginning of the chain that it was obtained with was issued, seconds since the epoch. */
  readonly subjectIssuedAt: number;
}
