/** One permission. Every list names exact values; there are no wildcards. */
export interface PolicyRule {
  /** Callers of the engine, e.g. `mcp-server`. */
  readonly clients: readonly string[];
  readonly target: string;
  readonly tenants: readonly string[];
  /** Scopes the subject token must hold, all of them. None by default. */
  readonly subjectScopes?: readonly string[];
  /** The ceiling this rule gives: scopes at the target. */
  readonly scopes: readonly string[];
  /** True for client credentials; such a rule gives nothing to users and the reverse. */
  readonly machine?: boolean;
}

/** What may be exchanged for what. Anything no rule allows is refused. */
export interface Policy {
  /** Part of every cache key: a change makes all entries unreachable. */
  readonly version: string;
  readonly rules: readonly PolicyRule[];
}
