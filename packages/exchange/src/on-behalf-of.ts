import type { UserInteractions } from './interaction/contract.ts';

/** What a tool asks for. */
export interface OnBehalfOfRequest {
  /** Name of the target in the configuration, e.g. `expenses-api`. */
  readonly target: string;
  /** Scopes at the target. */
  readonly scopes: readonly string[];
  /** The user's access token for this server. */
  readonly subjectToken: string;
  /** A claims challenge to pass on (JSON); the cache is then passed by and its entry replaced. */
  readonly claims?: string;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
}

/** A client-credentials request: no user. */
export interface MachineRequest {
  readonly target: string;
  readonly scopes: readonly string[];
  /** Tenant to act in; needed only when the policy allows several. */
  readonly tenant?: string;
  readonly signal?: AbortSignal;
}

/** A token for the target. */
export interface DownstreamToken {
  readonly accessToken: string;
  readonly tokenType: 'Bearer';
  /** Seconds since the epoch after which it must not be sent. */
  readonly expiresAt: number;
  /** What was granted; never more than the policy's ceiling. Sorted. */
  readonly scopes: readonly string[];
  /** Where it came from, for traces and metrics. A remote broker does not say: `remote`. */
  readonly source: 'exchange' | 'cache' | 'shared' | 'remote';
}

/**
 * One interface, two ways: `createLocalExchange` (in process) and `createBrokerClient` (through the
 * broker). Rejects with an `OAuthError` whose `code` a server can act on (`invalid_token` when the
 * subject was refused, `interaction_required`, `insufficient_claims`, `temporarily_unavailable`, …).
 */
export interface TokenExchange {
  readonly onBehalfOf: (request: OnBehalfOfRequest) => Promise<DownstreamToken>;
  readonly forMachine: (request: MachineRequest) => Promise<DownstreamToken>;
  /** How a user gives the consent that an exchange lacks; absent where no redirect URI is set up. */
  readonly interactions?: UserInteractions;
  /** Releases connections. Idempotent. */
  readonly close: () => Promise<void>;
}
