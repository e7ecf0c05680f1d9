export {
  type Catalogue,
  type CatalogueOptions,
  createCatalogue,
  defineRequirement,
  type ResolvedOperation,
} from './catalogue.ts';
export { createDecider, type Decider, type DeciderOptions } from './decider.ts';
export { type Decision, type DecisionReason, decisionReasons, type StepUp } from './decision.ts';
export { emitScopes, parseScopes } from './dialect.ts';
export { createLattice, type Lattice, type LatticeData, mcpLattice } from './lattice.ts';
export { type LoginShortfall, loginShortfall } from './login.ts';
export type { DecisionContext, Facts, Obstacle, PastOperation, Question, Rule } from './question.ts';
export { type RefusalNote, refusalNote } from './refusal-note.ts';
export type {
  ArgumentDemand,
  Arguments,
  Callers,
  Operation,
  OperationKind,
  Requirement,
} from './requirement.ts';
export { type Bases, mcpBases } from './requirement-problems.ts';
export {
  createRolePolicy,
  type Entitlements,
  type GroupRule,
  type RolePolicy,
  type RolePolicyOptions,
  type RoleRules,
} from './role-policy.ts';
export { isScopeToken, sortScopes } from './scope.ts';
export { type ChallengeDialect, type StepUpChallenge, stepUpChallenge } from './step-up-challenge.ts';
export {
  createTiers,
  defaultTiers,
  isTierName,
  type Tier,
  type TierName,
  type TierOverrides,
  type Tiers,
} from './tier.ts';
