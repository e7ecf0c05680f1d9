import type { KeyObject } from 'node:crypto';
import type { Grant } from '@mcp-obo/grant';
import type { IdpProfile } from '@mcp-obo/idp-profile';
import type { JSONWebKeySet } from 'jose';

/** How one of our registrations proves itself at the identity provider. */
export type UpstreamCredential =
  | {
      readonly kind: 'client_secret_basic' | 'client_secret_post';
      readonly clientId: string;
      readonly clientSecret: string;
    }
  | {
      readonly kind: 'private_key_jwt';
      readonly clientId: string;
      readonly key: KeyObject;
      /** JWS algorithm. Default: PS256 with `x5tS256` (as Entra asks), else RS256, or by the curve of the key. */
      readonly alg?: string;
      readonly kid?: string;
      /** SHA-256 thumbprint of the certificate, base64url; sent as `x5t#S256` (Entra). */
      readonly x5tS256?: string;
    }
  | {
      readonly kind: 'federated';
      readonly clientId: string;
      /** A fresh assertion by another issuer (workload identity), e.g. the content of a projected token file. */
      readonly assertion: () => Promise<string>;
      /** What the assertion is: one of RFC 7523, or a JWT-SVID. Default: `jwt-bearer`. */
      readonly assertionType?: 'jwt-bearer' | 'jwt-spiffe';
    }
  | {
      /** The certificate of the connection (RFC 8705 §2), which the `fetch` has. */
      readonly kind: 'tls_client_auth';
      readonly clientId: string;
    };

/** What goes to the identity provider for a user. */
export interface UpstreamExchange {
  /** The authenticated caller: its own registration is used, never another's. */
  readonly client: string;
  readonly subjectToken: string;
  readonly actorToken?: string;
  readonly audience: string;
  readonly resource?: string;
  readonly scopes: readonly string[];
  readonly scopePrefix: string;
  readonly requestedTokenType: string;
  readonly claims?: string;
  /** What the subject token says, validated. */
  readonly subject: Grant;
  /** What the actor token says, validated. */
  readonly actor?: Grant;
  /** Seconds since the epoch after which the answer is not used. */
  readonly notAfter: number;
}

/** What goes to the identity provider for a machine. */
export interface UpstreamClientCredentials {
  readonly client: string;
  readonly audience: string;
  readonly resource?: string;
  readonly scopes: readonly string[];
  readonly scopePrefix: string;
  /** Seconds since the epoch after which the answer is not used. */
  readonly notAfter: number;
}

/** A token endpoint's answer, parsed and not yet believed. */
export interface UpstreamAnswer {
  readonly accessToken: string;
  /** Seconds; undefined when the identity provider did not say. */
  readonly expiresIn?: number;
  /** As sent, split. Undefined when absent, which means: as asked (RFC 6749 §5.1). */
  readonly scope?: readonly string[];
  /** `issued_token_type` (RFC 8693 §2.2.1); undefined in answers to other grants. */
  readonly issuedTokenType?: string;
  /** The key by which the issuer of the token knows the user, where the upstream learnt it and it is another. */
  readonly userKey?: string;
}

/** Which targets and whose tokens an upstream is for. */
export interface UpstreamService {
  /** Names of the targets. No other upstream serves them, and it serves no others. */
  readonly targets: readonly string[];
  /** `iss` values of the subject tokens it takes. */
  readonly subjectIssuers: readonly string[];
}

/** Whoever tokens are obtained from, an identity provider as a rule: data plus two functions. */
export interface Upstream {
  readonly issuer: string;
  readonly tenant: string;
  readonly profile: IdpProfile;
  readonly jwksUri?: string;
  /** `iss` values its tokens may carry; more than `issuer` where two token versions exist (Entra). */
  readonly answerIssuers: readonly string[];
  /** Absent: it serves, for the users of its own issuers, every target that no other upstream is there for. */
  readonly serves?: UpstreamService;
  /** True when its tokens name users by keys of its own, which are not those of the subject's issuer. */
  readonly knowsUsersByItself?: boolean;
  /** True when it may be asked for a narrower token of the subject token's own audience. */
  readonly narrows?: boolean;
  /** The keys at `jwksUri` where they are this process's own. */
  readonly ownKeys?: () => JSONWebKeySet;
  /** Names the registration a caller uses, for the cache key and the actor; undefined when it has none. */
  readonly registration: (client: string) => { readonly clientId: string; readonly id: string } | undefined;
  /** `deadline`: milliseconds since the epoch; ten seconds from now when absent. */
  readonly exchange: (request: UpstreamExchange, deadline?: number) => Promise<UpstreamAnswer>;
  readonly clientCredentials: (
    request: UpstreamClientCredentials,
    deadline?: number,
  ) => Promise<UpstreamAnswer>;
  /**
   * Ends an access token at the issuer (RFC 7009), as the caller's own registration; absent where the issuer cannot.
   * Rejects with an `OAuthError`: `temporarily_unavailable` for a fault, else for good.
   */
  readonly revoke?: (client: string, token: string, deadline: number) => Promise<void>;
}
