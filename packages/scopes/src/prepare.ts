import type { Lattice } from './lattice.ts';
import type { PreparedQuestion, Question } from './question.ts';
import type { ArgumentDemand, Requirement } from './requirement.ts';
import type { RolePolicy } from './role-policy.ts';
import type { Tiers } from './tier.ts';

/** What a deployment has configured for all questions alike. */
export interface Settings {
  readonly lattice: Lattice;
  readonly rolePolicy: RolePolicy;
  readonly tiers: Tiers;
}

/** Adds to a question what follows from the configuration. */
export function prepare(question: Question, { lattice, rolePolicy, tiers }: Settings): PreparedQuestion {
  const { grant, requirement } = question;
  const demand = demandOf(question);
  const entitlements = rolePolicy.entitlements(grant);
  return {
    ...question,
    lattice,
    rolePolicy,
    entitlements,
    granted: [...grant.scopes, ...entitlements.scopes],
    needed: [...new Set([requirement.base, ...requirement.scopes, ...(demand?.scopes ?? [])])],
    demands: [tiers[requirement.tier], demand?.tier ?? {}],
    demand,
  };
}

/** A requirement as a list knows it: without arguments there is nothing to judge. */
export function withoutArguments({ forArguments: _, ...requirement }: Requirement): Requirement {
  return requirement;
}

const demandMembers: ReadonlySet<string> = new Set<keyof ArgumentDemand>(['scopes', 'tier', 'refuse']);

/** A rule that fails refuses: arguments can come here before anything has looked at them. */
function demandOf({ requirement, args, grant }: Question): ArgumentDemand | undefined {
  if (requirement.forArguments === undefined) return undefined;
  try {
    const demand: ArgumentDemand | undefined = requirement.forArguments(args, grant);
    if (demand === undefined || isDemand(demand)) return demand;
  } catch {
    // Falls through to the refusal below, which is the answer to a rule that cannot judge.
  }
  return { refuse: 'These arguments cannot be judged. Check them against the schema.' };
}

/** A promise, or a misspelled member, would demand nothing. */
function isDemand(demand: unknown): boolean {
  return (
    typeof demand === 'object' &&
    demand !== null &&
    !('then' in demand) &&
    Object.keys(demand).every((name) => demandMembers.has(name))
  );
}
