import type { Grant } from '@mcp-obo/grant';
import { accessSteps, approval, scopes } from './access.ts';
import type { Catalogue } from './catalogue.ts';
import type { Decision } from './decision.ts';
import { createLattice, type Lattice } from './lattice.ts';
import { challenge, hide } from './obstacle.ts';
import { prepare, type Settings, withoutArguments } from './prepare.ts';
import type { DecisionContext, Obstacle, PastOperation, PreparedQuestion, Rule, Step } from './question.ts';
import type { Arguments, Operation, OperationKind, Requirement } from './requirement.ts';
import { createRolePolicy, type RolePolicy } from './role-policy.ts';
import { createTiers, type TierOverrides } from './tier.ts';
import { visibilitySteps } from './visibility.ts';

export interface DeciderOptions {
  readonly catalogue: Catalogue;
  /** Changes to the default tiers. */
  readonly tiers?: TierOverrides;
  /** What roles and groups stand for. Without one, nobody holds a permission. */
  readonly rolePolicy?: RolePolicy;
  /** Which scopes contain which; that of MCP when absent. */
  readonly lattice?: Lattice;
  /** Rules of the deployment, asked in order after all others and before the user is. */
  readonly rules?: readonly Rule[];
  /** Scopes of which a list needs one; the first is asked for. None: any valid token may list. */
  readonly listScopes?: Readonly<Partial<Record<OperationKind, readonly string[]>>>;
}

/** The decision over a catalogue. Everything that is offered to a caller goes through it. */
export interface Decider {
  /**
   * May this caller do this now? Pure and synchronous. An operation that does not exist and one that this
   * caller can never use get the same `outcome`, `message`, `hidden` and `instead`.
   */
  decide(
    grant: Grant,
    operation: Operation,
    args: Arguments,
    history: readonly PastOperation[],
    context: DecisionContext,
  ): Decision;
  /** May this caller see the list of this kind at all? */
  decideList(grant: Grant, kind: OperationKind): Decision;
  /** What belongs into this caller's list: all that it may use now, or could after a step-up. */
  listable(grant: Grant, kind: OperationKind): readonly Requirement[];
}

/** Whoever may call a tool may see which there are. Resources and prompts are listed for any valid token. */
const mcpListScopes: Readonly<Record<OperationKind, readonly string[]>> = {
  tool: ['mcp:tools:read', 'mcp:tools:execute', 'mcp:tools:admin'],
  resource: [],
  prompt: [],
};

/** How many tools a refusal names at most. */
const maxInstead = 20;

/**
 * Makes the one decision of a server.
 *
 * @throws RangeError when a tier is wrong or a requirement needs a permission that no role grants.
 */
export function createDecider(options: DeciderOptions): Decider {
  const { catalogue, rolePolicy = createRolePolicy(), lattice = createLattice() } = options;
  const settings: Settings = { lattice, rolePolicy, tiers: createTiers(options.tiers) };
  const listScopes = { ...mcpListScopes, ...options.listScopes };
  refuseUnreachable(catalogue, rolePolicy);
  const steps: readonly Step[] = [...visibilitySteps, ...accessSteps, ...(options.rules ?? []), approval];
  const tools = catalogue.requirements.filter(({ kind }) => kind === 'tool');

  const obstacleAmong = (some: readonly Step[], grant: Grant, requirement: Requirement) =>
    firstObstacle(
      some,
      prepare({ ...nothingYet, grant, requirement: withoutArguments(requirement) }, settings),
    );
  const usable = (grant: Grant, candidates: readonly Requirement[]): readonly string[] =>
    candidates
      .filter((candidate) => obstacleAmong([...visibilitySteps, scopes], grant, candidate) === undefined)
      .slice(0, maxInstead)
      .map(({ name }) => name);
  const answer = (grant: Grant, obstacle: Obstacle, requirement?: Requirement): Decision => {
    if (obstacle.outcome === 'ask') return obstacle;
    // What looks like nothing must suggest what nothing suggests: its own alternatives would give it away.
    const hidden = obstacle.outcome === 'refuse' && obstacle.hidden;
    return { ...obstacle, instead: usable(grant, hidden ? tools : alternatives(catalogue, requirement)) };
  };

  const decider: Decider = {
    decide: (grant, operation, args, history, context) => {
      const requirement = catalogue.find(operation);
      if (requirement === undefined) return answer(grant, hide(operation.kind, 'unknown_operation'));
      const obstacle = firstObstacle(
        steps,
        prepare({ grant, requirement, args, history, context }, settings),
      );
      return obstacle === undefined ? allow : answer(grant, obstacle, requirement);
    },
    decideList: (grant, kind) => {
      const accepted = listScopes[kind];
      const granted = [...grant.scopes, ...rolePolicy.entitlements(grant).scopes];
      const [smallest] = accepted;
      if (smallest === undefined || accepted.some((scope) => lattice.covers(granted, [scope]))) return allow;
      const stepUp = { error: 'insufficient_scope', scopes: [smallest] } as const;
      return answer(grant, challenge(`list of ${kind}s`, 'insufficient_scope', stepUp));
    },
    listable: (grant, kind) =>
      catalogue.requirements.filter((requirement) => {
        if (requirement.kind !== kind) return false;
        const obstacle = obstacleAmong(visibilitySteps, grant, requirement);
        return !(obstacle?.outcome === 'refuse' && obstacle.hidden);
      }),
  };
  return Object.freeze(decider);
}

const allow: Decision = Object.freeze({ outcome: 'allow' });

const nothingYet = { args: {}, history: [], context: { now: 0 } };

function firstObstacle(steps: readonly Step[], question: PreparedQuestion): Obstacle | undefined {
  for (const step of steps) {
    const obstacle = step(question);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

function alternatives(catalogue: Catalogue, requirement: Requirement | undefined): readonly Requirement[] {
  return (requirement?.instead ?? []).map((name) => catalogue.requirementOf({ kind: 'tool', name }));
}

function refuseUnreachable({ requirements }: Catalogue, { permissions }: RolePolicy): void {
  const closed = requirements.filter(
    ({ permissions: needed = [] }) => needed.length > 0 && !needed.some((name) => permissions.has(name)),
  );
  if (closed.length === 0) return;
  const names = closed.map(
    ({ kind, name, permissions: needed = [] }) => `${kind} "${name}" (${needed.join(', ')})`,
  );
  throw new RangeError(`rolePolicy: no role grants a permission of ${names.join(', ')}.`);
}
