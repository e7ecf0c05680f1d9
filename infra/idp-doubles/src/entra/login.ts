import type { EntraUser } from './directory.ts';

/** A sign-in, as the optional claims `auth_time` and `acrs` of an ID token tell it. */
export interface EntraLogin {
  /** Seconds since the epoch. */
  readonly authTime: number;
  /** Authentication contexts that were asked for and met. */
  readonly acrs: readonly string[];
}

/** A login that waits for its code to be redeemed. */
export interface AuthorizationCode {
  readonly client: string;
  readonly redirectUri: string;
  readonly nonce: string | undefined;
  readonly codeChallenge: string;
  readonly user: EntraUser;
  readonly login: EntraLogin;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Codes that were issued and not redeemed. */
export type AuthorizationCodes = Map<string, AuthorizationCode>;
