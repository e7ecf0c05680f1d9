import type { Actor, UserKey } from '@mcp-obo/grant';
import type { AuditedParameters } from './parameters.ts';

/** What happened. */
export type AuditEventType =
  | 'authentication'
  | 'authorization'
  | 'exchange'
  | 'revocation'
  /** A user was asked for what only the user can give, or gave it. */
  | 'interaction'
  | 'tool_call'
  | 'policy_change'
  | 'tool_change';

/** How it was decided. `fault`: it could not be, for a reason of our own. */
export type AuditDecision = 'allow' | 'ask' | 'step-up' | 'refuse' | 'fault';

/** What was asked for. A `list` is named for what it lists. */
export interface AuditedOperation {
  readonly kind: 'tool' | 'resource' | 'prompt' | 'list';
  readonly name: string;
}

/** Who it was about. Every member comes from a validated token or an authenticated client. */
export interface AuditSubject {
  readonly tenant?: string;
  readonly issuer?: string;
  readonly user?: UserKey;
  readonly client?: string;
  /** `jti` or `uti` of the token. */
  readonly tokenId?: string;
  /** `sid` of the token. */
  readonly session?: string;
  /** Who acts for the user (RFC 8693 §4.1). */
  readonly act?: Actor;
  readonly scopes?: readonly string[];
}

/** One decision, as the code that made it tells it. */
export interface AuditEvent extends AuditSubject {
  readonly type: AuditEventType;
  readonly decision: AuditDecision;
  /** A stable word. */
  readonly reason?: string;
  readonly operation?: AuditedOperation;
  readonly parameters?: AuditedParameters;
  /** The API an exchange is for, or the thing a change is made to. */
  readonly target?: string;
  /** The client that an exchanged token was issued to, where it is not `client`. */
  readonly subjectClient?: string;
  readonly durationMs?: number;
}
