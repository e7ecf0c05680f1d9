/** A challenge that a new login or a refresh can answer. */
export interface StepUp {
  readonly error: 'insufficient_scope' | 'insufficient_user_authentication' | 'invalid_token';
  /** All scopes of the operation, by the platform's names (the adapter spells them in the issuer's dialect). */
  readonly scopes: readonly string[];
  /** `max_age` of RFC 9470, seconds. */
  readonly maxAge?: number;
  /** `acr_values` of RFC 9470. */
  readonly acrValues?: readonly string[];
  /** Whether a login that the server proves itself would do, for a client that cannot log in again (`Tier.loginByLink`). */
  readonly byLink?: boolean;
}

/** The one answer to "may this caller do this now". The audit records it as it is. */
export type Decision =
  | { readonly outcome: 'allow' }
  /** The user must approve this call first. */
  | { readonly outcome: 'ask'; readonly approval: 'session' | 'call' }
  | {
      readonly outcome: 'step-up';
      readonly reason: string;
      readonly message: string;
      readonly challenge: StepUp;
      /** Tools this caller may use without stepping up. */
      readonly instead: readonly string[];
    }
  | {
      readonly outcome: 'refuse';
      /** A stable word for log, metric and audit; never for the caller. */
      readonly reason: string;
      /** A sentence for the caller's agent that names nothing it may not know. */
      readonly message: string;
      /** True when the operation must look as if it did not exist. */
      readonly hidden: boolean;
      /** The challenge that a new login of the client did not answer, where a login by a link still could. */
      readonly unanswered?: StepUp;
      /** Tools this caller may use instead. */
      readonly instead: readonly string[];
    };

/** Why a call is refused or must step up: the word of the audit, and what the caller's agent is told. */
export const decisionReasons = {
  unknown_operation: notThere,
  not_in_allowed_tools: notThere,
  needs_user: notThere,
  needs_machine: notThere,
  permission: notThere,
  groups_overage: () =>
    'The token does not list your groups because there are too many, so your rights cannot be decided. Ask an administrator for a role.',
  insufficient_scope: (kind) =>
    `Your login does not cover this ${kind}. Log in again with the scopes of the challenge.`,
  token_too_old: (kind) => `The access token is too old for this ${kind}. Refresh it and try again.`,
  login_too_old: (kind) => `The login is too long ago for this ${kind}. Log in again.`,
  login_too_weak: (kind) =>
    `The login is not strong enough for this ${kind}. Log in again as the challenge asks.`,
  login_did_not_help: (kind) =>
    `The new token does not bring what this ${kind} needs either. Sign in anew if you were not asked for it; otherwise ask an administrator for access.`,
  needs_login: (kind) => `This ${kind} needs a user who has just logged in, and a machine cannot.`,
  needs_approval: (kind) => `This ${kind} needs the approval of a user, and there is none to ask.`,
  arguments: (kind) => `This ${kind} cannot be used with these arguments.`,
} as const satisfies Record<string, (kind: string) => string>;

export type DecisionReason = keyof typeof decisionReasons;

/** The same for what does not exist and for what this caller can never use. */
function notThere(kind: string): string {
  return `There is no such ${kind} for you, and a new login does not change that.`;
}
