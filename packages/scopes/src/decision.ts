/** A challenge that a new login or a refresh can answer. */
export interface StepUp {
  readonly error: 'insufficient_scope' | 'insufficient_user_authentication' | 'invalid_token';
  /** All scopes of the operation, by the platform's names (the adapter spells them in the issuer's dialect). */
  readonly scopes: readonly string[];
  /** `max_age` of RFC 9470, seconds. */
  readonly maxAge?: number;
  /** `acr_values` of RFC 9470. */
  readonly acrValues?: readonly string[];
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
    }
  | {
      readonly outcome: 'refuse';
      /** A stable word for log, metric and audit. */
      readonly reason: string;
      /** A sentence for the caller's agent that names nothing it may not know. */
      readonly message: string;
      /** True when the operation must look as if it did not exist. */
      readonly hidden: boolean;
      /** Tools this caller may use instead. */
      readonly instead: readonly string[];
    };
