import { OAuthError } from '@mcp-obo/oauth-error';
import { createLattice, sortScopes } from '@mcp-obo/scopes';
import type { Target } from './target.ts';

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

/** What a rule is held against. */
export interface PolicyQuestion {
  readonly client: string;
  readonly target: Target;
  readonly tenant: string;
  /** Scopes of the subject token. */
  readonly subjectScopes: readonly string[];
  readonly machine: boolean;
  /** What is asked for; empty means all that is allowed. */
  readonly scopes: readonly string[];
  /** What the ceiling may not go beyond, whatever the rules say: the scopes of a token that is made narrower. */
  readonly within?: readonly string[];
}

/** What may be asked for now, and the most that may come back. Both sorted. */
export interface PolicyAnswer {
  readonly scopes: readonly string[];
  readonly ceiling: readonly string[];
}

/**
 * The policy's answer, deny by default. The ceiling is the union of the rules that apply, within what the
 * target has.
 *
 * @throws OAuthError `invalid_target` when no rule lets the client reach the target in this tenant (RFC
 * 8693 §2.2.2); `invalid_scope` when a scope is above the ceiling or nothing is left (RFC 6749 §5.2).
 */
export function decidePolicy(policy: Policy, question: PolicyQuestion): PolicyAnswer {
  const { client, target, tenant, machine } = question;
  const reaching = policy.rules.filter(
    (rule) =>
      rule.target === target.name &&
      (rule.machine ?? false) === machine &&
      rule.clients.includes(client) &&
      rule.tenants.includes(tenant),
  );
  if (reaching.length === 0) {
    throw new OAuthError('invalid_target', 'The target is not allowed for this client.', {
      reason: 'policy_target',
    });
  }
  const held = new Set(question.subjectScopes);
  const applying = reaching.filter((rule) => (rule.subjectScopes ?? []).every((scope) => held.has(scope)));
  const known = new Set(machine ? target.machineScopes : target.scopes);
  const { within } = question;
  const ceiling = sortScopes(applying.flatMap((rule) => rule.scopes)).filter(
    (scope) => known.has(scope) && (within === undefined || lattice.covers(within, [scope])),
  );
  const scopes = question.scopes.length === 0 ? ceiling : sortScopes(question.scopes);
  if (scopes.length === 0 || !scopes.every((scope) => ceiling.includes(scope))) {
    throw new OAuthError('invalid_scope', 'A scope is not allowed for this client, user and target.', {
      reason: 'policy_scope',
    });
  }
  return { scopes, ceiling };
}

/** A wider scope of MCP holds the narrower ones. */
const lattice = createLattice();

/** Tenants in which the client may use client credentials for the target. Sorted, unique. */
export function machineTenants(policy: Policy, client: string, target: string): readonly string[] {
  const rules = policy.rules.filter(
    (rule) => rule.machine === true && rule.target === target && rule.clients.includes(client),
  );
  return [...new Set(rules.flatMap((rule) => rule.tenants))].sort();
}

/** Everything in a policy that cannot be meant, as sentences; empty when it is sound. */
export function policyProblems(
  policy: Policy,
  targets: Readonly<Record<string, Target>>,
  tenants: readonly string[],
): readonly string[] {
  return policy.rules.flatMap((rule, index) => {
    const at = `policy.rules[${index}]`;
    const target = Object.hasOwn(targets, rule.target) ? targets[rule.target] : undefined;
    if (target === undefined) return [`${at}.target "${rule.target}" is not in targets`];
    const known = rule.machine === true ? (target.machineScopes ?? []) : target.scopes;
    const list = rule.machine === true ? 'machineScopes' : 'scopes';
    return [
      ...rule.scopes
        .filter((scope) => !known.includes(scope))
        .map((scope) => `${at}.scopes "${scope}" is not in targets.${rule.target}.${list}`),
      ...rule.tenants
        .filter((tenant) => !tenants.includes(tenant))
        .map((tenant) => `${at}.tenants "${tenant}" has no upstream`),
    ];
  });
}
