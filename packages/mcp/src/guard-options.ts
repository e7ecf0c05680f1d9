import type { TokenExchange } from '@mcp-obo/exchange';
import type { Grant } from '@mcp-obo/grant';
import type { RevocationView } from '@mcp-obo/revocation';
import type { Decision, Requirement, RolePolicyOptions, Tier, TierName } from '@mcp-obo/scopes';
import type { IssuerConfig, ValidatorEvent } from '@mcp-obo/validator';
import type { GuardLog } from './fault.ts';
import type { InteractionStore } from './interaction/interaction-store.ts';
import type { InteractionEvent, InteractionOptions } from './interaction/open-interactions.ts';
import type { Limiter } from './limit.ts';
import type { Operation } from './operation.ts';

/** What the guard must know of the server it protects. The first three members are all a small server needs. */
export interface McpGuardOptions {
  /** Canonical URL of the MCP endpoint, byte for byte as clients use it (RFC 8707 §2). */
  readonly resource: string;
  readonly issuers: readonly GuardIssuer[];
  /** One for each tool, resource and prompt. What is not listed cannot be called. */
  readonly requirements: readonly Requirement[];
  /** Scopes a first login asks for: the smallest useful set. Default: `mcp:tools:execute`. */
  readonly firstScopes?: readonly string[];
  /** Roles and groups → permissions. */
  readonly roles?: RolePolicyOptions;
  /** Settings that differ from the default tiers. */
  readonly tiers?: Readonly<Partial<Record<TierName, Partial<Tier>>>>;
  /** How tools get tokens for other APIs. Absent: they cannot. */
  readonly exchange?: TokenExchange;
  /**
   * Lets users give the consent that an exchange lacks, by a link that their client shows. Needs an `exchange` with
   * `interactions`. Absent: such a call ends in a sentence.
   */
  readonly interactions?: InteractionOptions;
  /** Where what users are asked is kept, shared by replicas. Default: the memory of this process. */
  readonly store?: InteractionStore;
  /** Ids of clients that cannot take an HTTP 403 and are told by a tool error instead. */
  readonly toolErrorClients?: readonly string[];
  /** Values of `Host` that are this server. Default: the host of the resource. */
  readonly allowedHosts?: readonly string[];
  /** Web origins that may call from a browser, besides that of the resource itself. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Counts operations of each caller. Default: no limit. */
  readonly limiter?: Limiter;
  /**
   * What is revoked. While it may miss something, only operations of the tier `read-only` are served, and those for
   * five minutes, unless the issuer is asked by introspection. Default: nothing is revoked.
   */
  readonly revocations?: RevocationView;
  readonly resourceName?: string;
  readonly resourceDocumentation?: string;
  /** Called for every authentication, decision and call: the place for audit and metrics. Must not throw. */
  readonly observe?: (event: GuardEvent) => void;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /** Events of the validator: key fetches, keys left out, long lifetimes. Must not throw. */
  readonly onValidatorEvent?: (event: ValidatorEvent) => void;
  /** For what a person must see: key faults, and errors that nobody planned. */
  readonly log?: GuardLog;
  /** Hosts and address ranges of the own network where issuers may be (SSRF guard). */
  readonly allowPrivate?: readonly string[];
  /** PEM of the authorities that alone may have signed an issuer's certificate. Default: those of the system. */
  readonly issuerCa?: string;
  /** For keys and discovery. Default: a fetch to public addresses, and to loopback where a configured issuer is there. */
  readonly fetch?: typeof globalThis.fetch;
}

/** A trusted issuer. What is not said follows from what is. */
export type GuardIssuer = Omit<IssuerConfig, 'tenant' | 'audiences'> & {
  /** Default: the issuer itself, so that no two issuers share a tenant by accident. */
  readonly tenant?: string;
  /** Default: the resource alone (RFC 8707 §2). */
  readonly audiences?: readonly string[];
};

export function completeIssuer(issuer: GuardIssuer, resource: string): IssuerConfig {
  return { ...issuer, tenant: issuer.tenant ?? issuer.issuer, audiences: issuer.audiences ?? [resource] };
}

/** The part of an HTTP request the guard reads. */
export interface HttpRequest {
  readonly method: string;
  /** Names and values in turn, as Node has them: repeated headers must stay visible. */
  readonly rawHeaders: readonly string[];
  /** Path and query as received. */
  readonly url: string;
}

/** What happened, for audit and metrics. Holds no token. */
export type GuardEvent =
  | {
      readonly type: 'authentication';
      readonly ok: boolean;
      readonly reason: string;
      /** Whose fault a failure is. */
      readonly fault?: 'caller' | 'platform';
      readonly grant?: Grant;
    }
  | {
      readonly type: 'authorization';
      readonly grant: Grant;
      readonly operation: Operation;
      readonly decision: Decision;
      /** `edge`: answered over HTTP; `handler`: where the operation runs. */
      readonly at: 'edge' | 'handler';
    }
  | InteractionEvent
  | { readonly type: 'limit'; readonly grant: Grant; readonly operation: Operation }
  | {
      readonly type: 'call';
      readonly grant: Grant;
      readonly operation: Operation;
      readonly ok: boolean;
      readonly reason: string;
      readonly milliseconds: number;
    };
