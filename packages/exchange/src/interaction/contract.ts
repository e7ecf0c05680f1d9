import type { Login, UserKey } from '@mcp-obo/grant';

/** What the user is asked for at the identity provider. */
export type InteractionReason = 'consent_required' | 'interaction_required';

/** A user is sent to the identity provider. */
export interface BrowserStart {
  /** The user's access token for this server: who has to come back. */
  readonly subjectToken: string;
  /** Registered at the identity provider (and at the broker) for this server. */
  readonly redirectUri: string;
  /** Unguessable, and the caller's to keep. */
  readonly state: string;
  readonly nonce: string;
  /** S256 of the verifier (RFC 7636 §4.2). */
  readonly codeChallenge: string;
  readonly signal?: AbortSignal;
}

/** The user must do something at the identity provider before an exchange can succeed. */
export interface InteractionStart extends BrowserStart {
  /** Name of the target in the configuration. */
  readonly target: string;
  /** Scopes at the target. */
  readonly scopes: readonly string[];
  readonly reason: InteractionReason;
}

/** The user is to show who they are. */
export interface LoginStart extends BrowserStart {
  /**
   * What the login must be. The identity provider is asked for it, and for a login now; whether it did so is the
   * caller's to judge, by what `finish` tells. Absent: any login of that user, an earlier one too.
   */
  readonly demand?: LoginDemand;
}

/** What a login is asked to be (RFC 9470 §4). At least one member is there. */
export interface LoginDemand {
  /** Seconds. */
  readonly maxAge?: number;
  readonly acrValues?: readonly string[];
}

/** What came back to the redirect URI, and what it must agree with. */
export interface InteractionFinish {
  /** The user the interaction was started for. */
  readonly user: UserKey;
  readonly redirectUri: string;
  /** The query of the request to the redirect URI (RFC 6749 §4.1.2, RFC 9207). */
  readonly response: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly signal?: AbortSignal;
}

/**
 * What a user does at the identity provider in a browser, with this server's own registration there: the
 * same registration that exchanges, as consent is given to it and to no other.
 */
export interface UserInteractions {
  /**
   * The authorization request for the user's browser (RFC 6749 §4.1.1, RFC 7636, OpenID Connect Core §3.1.2.1).
   * Rejects with an `OAuthError`: what an exchange rejects with before it asks, and `unauthorized_client` when
   * the redirect URI is not registered.
   */
  readonly start: (request: InteractionStart) => Promise<{ readonly authorizationUrl: string }>;
  /**
   * The same for a login alone: no access to any API is asked for (OpenID Connect Core §3.1.2.1, RFC 9470 §4).
   * Rejects as `start` does.
   */
  readonly login: (request: LoginStart) => Promise<{ readonly authorizationUrl: string }>;
  /**
   * Redeems the code, holds its ID token against the user, and forgets what was refused to that user. Tells how the
   * user logged in; the tokens are thrown away. Rejects with `access_denied`: reason `another_user` when somebody else logged in,
   * `interaction_refused` when the identity provider says no; `invalid_grant` for an answer that proves nothing.
   */
  readonly finish: (request: InteractionFinish) => Promise<Login>;
}
