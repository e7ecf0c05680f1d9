import { originallyIssuedAt } from '@mcp-obo/grant';
import { login } from './login.ts';
import { answered, challenge, refuse } from './obstacle.ts';
import type { Step } from './question.ts';
import { approvals, strictest } from './tier.ts';

/** Short of a scope: all scopes of the operation in one challenge (RFC 6750 §3.1). */
export const scopes: Step = ({ granted, needed, lattice, requirement: { kind }, context }) => {
  if (lattice.covers(granted, needed)) return undefined;
  if (answered(context, 'insufficient_scope')) return refuse(kind, 'login_did_not_help');
  return challenge(kind, 'insufficient_scope', { error: 'insufficient_scope', scopes: needed });
};

/** Older by `iat`, also of the token it was minted from, than the tier allows; a refresh mends it. */
const tokenAge: Step = ({ grant, demands, needed, requirement: { kind }, context }) => {
  const longest = strictest(demands, 'maxTokenAge');
  if (longest === undefined || context.now - originallyIssuedAt(grant) <= longest) return undefined;
  return challenge(kind, 'token_too_old', { error: 'invalid_token', scopes: needed });
};

/** What the rule on the arguments refuses outright. */
const argumentRefusal: Step = ({ demand, requirement: { kind } }) =>
  demand?.refuse === undefined ? undefined : refuse(kind, 'arguments', demand.refuse);

/** What a login or a refresh can mend, then what the arguments forbid. */
export const accessSteps: readonly Step[] = [scopes, tokenAge, login, argumentRefusal];

/** Asks the user, where the strictest demand wants it and there is no approval yet. */
export const approval: Step = ({ grant, demands, requirement: { kind }, context }) => {
  const needed = Math.max(...demands.map((demand) => approvals.indexOf(demand.approval ?? 'never')));
  if (needed <= approvals.indexOf(context.approved ?? 'never')) return undefined;
  if (grant.user === undefined) return refuse(kind, 'needs_approval');
  return { outcome: 'ask', approval: approvals[needed] === 'call' ? 'call' : 'session' };
};
