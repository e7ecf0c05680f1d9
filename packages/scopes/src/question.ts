import type { Grant, Login } from '@mcp-obo/grant';
import type { Decision, StepUp } from './decision.ts';
import type { Lattice } from './lattice.ts';
import type { ArgumentDemand, Arguments, Operation, Requirement } from './requirement.ts';
import type { Entitlements, RolePolicy } from './role-policy.ts';
import type { Tier } from './tier.ts';

/** Plain facts about a client, a device or a network, for rules of a deployment. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

/** What is true at the moment of the call and stands neither in the token nor in the arguments. */
export interface DecisionContext {
  /** Seconds since the epoch. */
  readonly now: number;
  /**
   * The challenge for this operation that the caller has already answered with a newer token: what it asked
   * for and is missing still, no login brings. `true` stands for any. A refresh answers `invalid_token` and
   * says nothing about what a login would bring.
   */
  readonly steppedUp?: StepUp['error'] | boolean;
  /**
   * A login of the same user that this server has proved itself, beside that of the token. It counts where the tier
   * lets it (`Tier.loginByLink`), and only as a whole: the age of one login and the strength of another are neither.
   */
  readonly login?: Login;
  /** What the user has approved: this call, or calls of this kind in this session. */
  readonly approved?: 'session' | 'call';
  readonly client?: Facts;
  readonly device?: Facts;
  readonly network?: Facts;
}

/** A call of the same user and client that was decided before. */
export interface PastOperation extends Operation {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly outcome: Decision['outcome'];
}

/** Everything that one decision looks at. */
export interface Question {
  readonly grant: Grant;
  readonly requirement: Requirement;
  readonly args: Arguments;
  /** Oldest first. */
  readonly history: readonly PastOperation[];
  readonly context: DecisionContext;
}

/** A question with what follows from the configuration; the steps of the decision read this. */
export interface PreparedQuestion extends Question {
  readonly lattice: Lattice;
  readonly rolePolicy: RolePolicy;
  readonly entitlements: Entitlements;
  /** Scopes of the token and of the caller's groups. */
  readonly granted: readonly string[];
  /** All scopes of the operation with these arguments, the base first. */
  readonly needed: readonly string[];
  /** What the tier demands and what the arguments add; each holds. */
  readonly demands: readonly Partial<Tier>[];
  readonly demand: ArgumentDemand | undefined;
}

/** What a step answers when it does not let the call pass; `instead` is filled in by the decider. */
export type Obstacle =
  | Omit<Extract<Decision, { outcome: 'refuse' }>, 'instead'>
  | Omit<Extract<Decision, { outcome: 'step-up' }>, 'instead'>
  | Extract<Decision, { outcome: 'ask' }>;

/** One step of the decision: an obstacle, or nothing when it lets the call pass. Pure. */
export type Step = (question: PreparedQuestion) => Obstacle | undefined;

/** A rule of a deployment. It can only narrow: there is no answer that allows. */
export type Rule = (question: Question) => Obstacle | undefined;
