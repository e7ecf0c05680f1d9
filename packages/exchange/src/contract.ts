import type { Actor, Credential, Grant } from '@mcp-obo/grant';
import type { RevocationView } from '@mcp-obo/revocation';
import type { Cache } from './cache.ts';
import type { OnExchangeEvent } from './events.ts';
import type { Obtained } from './obtained.ts';
import type { DownstreamToken } from './on-behalf-of.ts';
import type { Policy } from './policy.ts';
import type { Scheduler } from './scheduler.ts';
import type { Target } from './target.ts';
import type { Upstream } from './upstream/upstream.ts';

/** An exchange for a user. The caller has validated the tokens: `grant` is what the subject token says. */
export interface EngineRequest {
  /** The authenticated caller, e.g. `mcp-server`. */
  readonly client: string;
  readonly grant: Grant;
  readonly subjectToken: string;
  readonly actor?: { readonly grant: Grant; readonly token: string };
  readonly target: string;
  /** Empty asks for all that the policy allows (RFC 6749 §3.3, the default of RFC 8693 §2.1). */
  readonly scopes: readonly string[];
  /** Default `urn:ietf:params:oauth:token-type:access_token`. */
  readonly requestedTokenType?: string;
  /** A claims challenge as JSON: the cache is passed by and its entry replaced. */
  readonly claims?: string;
  /** Thumbprint of the key the presenter proved (RFC 9449, RFC 8705). */
  readonly presenterKey?: string;
  readonly signal?: AbortSignal;
}

/** A client-credentials token for a system-scoped call. */
export interface EngineMachineRequest {
  readonly client: string;
  readonly target: string;
  readonly scopes: readonly string[];
  /** Needed only when the policy lets the client do this in several tenants. */
  readonly tenant?: string;
  readonly signal?: AbortSignal;
}

/** A checked token for the target. */
export interface IssuedToken extends DownstreamToken {
  readonly source: 'exchange' | 'cache' | 'shared';
  readonly issuedTokenType: string;
  /** The chain of actors that the issuer wrote into the token, where it writes one. */
  readonly grantedAct?: Actor;
}

/** A token that was obtained, before it is given out or kept. */
export interface ObtainedToken {
  readonly accessToken: string;
  /** Names it, by `subjectKey`. */
  readonly tokenKey: string;
  /** False for a target whose tokens are never parsed. */
  readonly readable: boolean;
  /** What it was obtained with, by `subjectKey`: token, client, user and session. */
  readonly tags: readonly string[];
  /** The issuer that was asked. */
  readonly issuer: string;
  /** The caller it is for. */
  readonly client: string;
  /** What the token says that it was obtained with; absent for a machine's. */
  readonly subject?: Grant;
  /** Absent where the issuer cannot revoke it. */
  readonly obtained?: Obtained;
  /** Until when it is given out. Seconds since the epoch. */
  readonly expiresAt: number;
  /** When the token itself expires, which may be later. Seconds since the epoch. */
  readonly endsAt: number;
}

/** A token that was kept and is not any more, and that its issuer can revoke. */
export interface EvictedToken extends Obtained {
  readonly accessToken: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

export interface EngineOptions {
  readonly targets: Readonly<Record<string, Target>>;
  readonly upstreams: readonly Upstream[];
  readonly policy: Policy;
  /** Shared with other processes. Absent: what is obtained stays in the memory of this one. */
  readonly cache?: Cache;
  /** Bound of the memory of this process, in front of the cache. Default 64 MiB; 0 keeps nothing. */
  readonly memoryBytes?: number;
  /** How long a refusal that would come again is remembered, seconds. Default 30; 0 remembers none. */
  readonly negativeSeconds?: number;
  /** Milliseconds an exchange may take, its waiting for others included. Default 10,000. */
  readonly deadlineMs?: number;
  /** Validates tokens that come back; made by `createAnswerValidator`. Its own cache must be off. */
  readonly answers: { readonly validate: (credential: Credential) => Promise<Grant> };
  /**
   * What is revoked, asked before an exchange and again before its token is given out. While it may miss
   * something, nothing is served from the memory of this process. Default: nothing is revoked.
   */
  readonly revocations?: RevocationView;
  /** Told of every token that was obtained. Must not throw. */
  readonly onObtained?: (token: ObtainedToken) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Default: the system's timers. */
  readonly schedule?: Scheduler;
  readonly onEvent?: OnExchangeEvent;
  /** Longest chain of actors. Default 5. */
  readonly maxActorDepth?: number;
}

/**
 * The token of a request from memory at once, else from the cache; undefined when neither has one, or it is to be
 * renewed, or the request would be refused: `exchange` does and says what is right then.
 */
export type Recall = () => IssuedToken | undefined | Promise<IssuedToken | undefined>;

/**
 * Obtains tokens for targets on behalf of users. Rejects with an `OAuthError`: `invalid_target`,
 * `invalid_scope`, `invalid_request` (the actor or subject may not), `invalid_token` with reason
 * `subject_refused` (the identity provider refused the subject), `consent_required`,
 * `interaction_required`, `insufficient_claims`, `access_denied`, `server_error`, `bad_gateway`,
 * `temporarily_unavailable`.
 */
export interface ExchangeEngine {
  readonly exchange: (request: EngineRequest) => Promise<IssuedToken>;
  /**
   * Plans a request, to serve it again and again, for a caller who knows each time that the grant still stands. What
   * it returns holds no token of the request. Throws what `exchange` rejects with when it may not be made.
   */
  readonly repeat: (request: EngineRequest) => Recall;
  readonly machine: (request: EngineMachineRequest) => Promise<IssuedToken>;
  /**
   * Ends all that was obtained with a tag of `subjectKey`, here at once and in every process that shares the
   * cache; what is being obtained is not kept. Rejects when the cache did not do it.
   *
   * @param taken given each token that goes and that its issuer can revoke; one process alone gets it
   */
  readonly evictByTag: (tag: string, taken?: (token: EvictedToken) => void) => Promise<number>;
  /** Resolves when nothing is under way. The cache stays open: it may be another's too. */
  readonly close: () => Promise<void>;
}
