import type { Actor, UserKey } from '@mcp-obo/grant';
import type { OAuthErrorCode } from '@mcp-obo/oauth-error';

/** Who asked for what. Safe for audit, logs and metrics: no token, no claim beyond these. */
export interface ExchangeContext {
  readonly kind: 'on_behalf_of' | 'machine';
  /** The authenticated caller. */
  readonly client: string;
  readonly target: string;
  /** What was asked for. Sorted. */
  readonly scopes: readonly string[];
  readonly tenant?: string;
  readonly issuer?: string;
  readonly user?: UserKey;
  /** The client the subject token was issued to. */
  readonly subjectClient?: string;
  /** `jti` of the subject token. */
  readonly subjectTokenId?: string;
  readonly act?: Actor;
}

/** What the engine tells metrics and audit. */
export type ExchangeEvent =
  | {
      readonly type: 'issued';
      readonly context: ExchangeContext;
      readonly source: 'exchange' | 'cache' | 'shared';
      /** The request was served before: `context` is the object it was then. */
      readonly again?: true;
      /** What was granted. Sorted. */
      readonly granted: readonly string[];
      readonly durationMs: number;
    }
  | {
      readonly type: 'refused';
      readonly context: ExchangeContext;
      readonly code: OAuthErrorCode;
      readonly reason: string;
      /** True when an operator must act: our credential or configuration at the identity provider is wrong. */
      readonly alarm: boolean;
      readonly durationMs: number;
      readonly cause: unknown;
    }
  | {
      readonly type: 'cache';
      /**
       * `negative`: a refusal that is remembered. `shared`: joined another's exchange, here or in another process.
       * `bypass`: passed by for a claims challenge. `refresh`: served, and fetched anew meanwhile.
       * `unreadable`: an entry that could not be used was removed.
       */
      readonly action:
        | 'hit'
        | 'miss'
        | 'negative'
        | 'shared'
        | 'bypass'
        | 'refresh'
        | 'stored'
        | 'unreadable'
        | 'failed';
      readonly target: string;
    }
  | {
      readonly type: 'upstream';
      readonly issuer: string;
      readonly operation: 'exchange' | 'client_credentials';
      /** `ok`, or the reason of the failure. */
      readonly outcome: string;
      readonly durationMs: number;
    };

export type OnExchangeEvent = (event: ExchangeEvent) => void;
