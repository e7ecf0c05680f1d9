/** A value that is the same everywhere, or one per issuer. */
export type PerIssuer = string | Readonly<Record<string, string>>;

/** An API that tokens are obtained for. */
export interface Target {
  /** Its name in configuration, policy and requests, e.g. `expenses-api`. */
  readonly name: string;
  /** What the identity provider knows it by: value of `audience`, or the API's identifier at Entra. */
  readonly audience: PerIssuer;
  /** `aud` of the tokens that come back, where it is another name (Entra v2.0 tokens carry the GUID). */
  readonly answerAudience?: PerIssuer;
  /** Further audiences that may stand beside it in `aud` (`account` at Keycloak). None by default. */
  readonly companions?: readonly string[];
  /** Value of `resource` (RFC 8707), for issuers whose profile asks for it. Default: `audience`. */
  readonly resource?: string;
  /** `jwt`: the answer is validated. `opaque`: the token is never parsed and `scope` of the response is checked. */
  readonly kind: 'jwt' | 'opaque';
  /** Every scope the target has for users, by the platform's names. */
  readonly scopes: readonly string[];
  /** Every scope it has for client credentials. */
  readonly machineScopes?: readonly string[];
  /** Scopes the issuer adds by itself and that carry no right at the target (`email`, `profile`). */
  readonly ignoredScopes?: readonly string[];
  /** What stands before a scope at issuers that prefix them. Default: `${audience}/`. */
  readonly scopePrefix?: PerIssuer;
  /** Longest time a token is used, seconds. Default 3600. */
  readonly maxLifetime?: number;
}

/** The value at one issuer. */
export function atIssuer(value: PerIssuer | undefined, issuer: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  return Object.hasOwn(value, issuer) ? value[issuer] : undefined;
}
