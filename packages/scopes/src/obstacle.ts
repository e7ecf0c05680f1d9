import { type DecisionReason, decisionReasons, type StepUp } from './decision.ts';
import type { DecisionContext, Obstacle } from './question.ts';
import type { OperationKind } from './requirement.ts';

/** Refuses, and looks like what is not there. */
export function hide(kind: OperationKind, reason: DecisionReason): Obstacle {
  return { outcome: 'refuse', reason, message: decisionReasons[reason](kind), hidden: true };
}

/** Refuses, and says why. */
export function refuse(kind: OperationKind, reason: DecisionReason, message?: string): Obstacle {
  return { outcome: 'refuse', reason, message: message ?? decisionReasons[reason](kind), hidden: false };
}

/** Asks for a new login or a fresher token. */
export function challenge(what: string, reason: DecisionReason, stepUp: StepUp): Obstacle {
  return { outcome: 'step-up', reason, message: decisionReasons[reason](what), challenge: stepUp };
}

/** True when the caller has answered such a challenge already, so that another one would go in circles. */
export function answered({ steppedUp }: DecisionContext, error: StepUp['error']): boolean {
  return steppedUp === true || steppedUp === error;
}
