/** Claims of a token, parsed and not yet trusted beyond their signature. */
export type Claims = Readonly<Record<string, unknown>>;

export type IdpName = 'entra' | 'okta' | 'auth0' | 'keycloak' | 'generic';

/** Whatever issues tokens: an identity provider, or a broker that mints. */
export type ProfileName = IdpName | 'broker';

/** How an identity provider's access tokens differ from RFC 9068. */
export interface TokenProfile {
  /** Accepted `typ` header values, lower case, without `application/`; `''` stands for an absent `typ`. */
  readonly typ: readonly string[];
  /** Claims that may hold the client id; the first present wins. */
  readonly clientClaims: readonly string[];
  /** Claims that may hold the token id; the first present wins. */
  readonly tokenIdClaims: readonly string[];
  /** Claims that may hold the scopes, as a string or a list. */
  readonly scopeClaims: readonly string[];
  /** Claims that hold what a machine may do when none of `scopeClaims` is present (Entra: application permissions in `roles`). */
  readonly machineScopeClaims?: readonly string[];
  /** Paths to role lists, e.g. `['realm_access', 'roles']`. All are merged. */
  readonly roleClaims: readonly (readonly string[])[];
  /** Paths to group lists. */
  readonly groupClaims: readonly (readonly string[])[];
  /** Claim with the authentication context: a string, or (Entra `acrs`) a list. */
  readonly acrClaim: string;
  /** Longest accepted `exp - iat` in seconds, unless the issuer's configuration says otherwise. */
  readonly maxLifetime: number;
  /** The user's key at this issuer; undefined when the claim it needs is missing. */
  readonly userKey: (claims: Claims) => string | undefined;
  /** The same user's key from an ID token (OpenID Connect Core §2), where a claim has another name there. */
  readonly idTokenUserKey: (claims: Claims) => string | undefined;
  /**
   * The issuer that knows the user by `userKey`. Absent: the token's own. A resource server lists whose users such
   * an issuer may name.
   */
  readonly userIssuer?: (claims: Claims) => string | undefined;
  /** Session id by which a security event means every session of its user. */
  readonly everySession?: string;
  /** Claim that names the first token of the chain; a user's token must have it then. */
  readonly originClaim?: string;
  /** True when the token speaks for a client and no user. */
  readonly isMachine: (claims: Claims) => boolean;
  /** True when the token says that it lists only a part of the groups. */
  readonly groupsOverage: (claims: Claims) => boolean;
  /** A word for what makes this no access token for an API (an ID token, a missing `scp`), else undefined. */
  readonly refuse: (claims: Claims) => string | undefined;
}

/** How scopes are spelled in requests and challenges. */
export interface ScopeProfile {
  /** True when a scope is asked for with the API's identifier in front (`api://app/expenses:read`). */
  readonly prefixed: boolean;
}

/** How the on-behalf-of request is spelled, and what its answers mean. */
export interface ExchangeProfile {
  readonly grant: 'rfc8693' | 'entra-obo';
  /** The parameter that names the target. `scope` when the target is a prefix of the scope. */
  readonly targetParameter: 'audience' | 'resource' | 'scope';
  /** True when the audience of the answer is a name that is not the requested one (Entra v2: the GUID). */
  readonly answerAudienceDiffers: boolean;
  /** True when all consented scopes come back whatever was asked (Entra). */
  readonly returnsAllScopes: boolean;
  /** True when a signed client assertion may be sent again within its life (Entra yes, Keycloak no). */
  readonly reusesAssertion: boolean;
  /** `aud` of our client assertion. */
  readonly assertionAudience: 'issuer' | 'token_endpoint';
  /** The parameter that asks for a client-credentials token for a target. */
  readonly machineTargetParameter: 'audience' | 'resource' | 'scope';
}

/** What can be ended at the identity provider before its time (RFC 7009). */
export interface RevocationProfile {
  /** True when its revocation endpoint ends access tokens, by request of the registration they were issued to. */
  readonly accessTokens: boolean;
}

/** Everything that is different about one identity provider, as data. */
export interface IdpProfile {
  readonly name: ProfileName;
  /** True when nothing in the test suite answers like this provider. */
  readonly experimental: boolean;
  readonly token: TokenProfile;
  readonly scopes: ScopeProfile;
  readonly exchange: ExchangeProfile;
  readonly revocation: RevocationProfile;
}
