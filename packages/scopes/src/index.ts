export type { Decision, StepUp } from './decision.ts';
export { emitScopes, parseScopes } from './dialect.ts';
export type { ArgumentDemand, OperationKind, Requirement } from './requirement.ts';
export { isScopeToken, sortScopes } from './scope.ts';
export type { Tier, TierName } from './tier.ts';
