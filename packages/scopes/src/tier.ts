/** How much harm a tool can do, from least to most. */
export type TierName = 'read-only' | 'read-write' | 'financial' | 'personal-data' | 'admin';

/** What a tier demands beyond scopes. Times are seconds. */
export interface Tier {
  /** Longest age of the token by `iat`; older: 401 `invalid_token`, a refresh mends it. */
  readonly maxTokenAge: number;
  /** Longest age of the login by `auth_time` (RFC 9470); undefined: any. */
  readonly maxLoginAge?: number;
  /** Accepted `acr` values; undefined: any. */
  readonly acrValues?: readonly string[];
  /** Whether the user is asked: never, once a session, or for each call. */
  readonly approval: 'never' | 'session' | 'call';
}
