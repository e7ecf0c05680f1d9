import type { Grant } from '@mcp-obo/grant';
import type { Tier, TierName } from './tier.ts';

/** What one operation is: a tool call, a resource read or a prompt. */
export type OperationKind = 'tool' | 'resource' | 'prompt';

/** One thing a caller asks for: a tool or prompt by its name, a resource by its URI. */
export interface Operation {
  readonly kind: OperationKind;
  readonly name: string;
}

/** What a caller must have for one tool, resource or prompt. Data; every member is checked by `decide`. */
export interface Requirement {
  readonly kind: OperationKind;
  /** Name of the tool or prompt, or URI template of the resource. */
  readonly name: string;
  /** Base scope of the operation, e.g. `mcp:tools:execute`. */
  readonly base: string;
  /** Fine scopes; all are needed. */
  readonly scopes: readonly string[];
  readonly tier: TierName;
  /** The caller needs one of these permissions; empty or absent: none. Roles map to permissions by configuration. */
  readonly permissions?: readonly string[];
  /** Who may call: a user (default), a machine, or both. */
  readonly callers?: Callers;
  /** A stricter demand for these arguments, e.g. a fresher login above an amount. Pure. */
  readonly forArguments?: (args: Arguments, grant: Grant) => ArgumentDemand | undefined;
  /** Name of an allowed tool that would serve when this one is refused, in order of preference. */
  readonly instead?: readonly string[];
}

export type Callers = 'user' | 'machine' | 'both';

/** Arguments of a call as they came, before or after their schema was checked. */
export type Arguments = Readonly<Record<string, unknown>>;

/** What arguments can add to a requirement. */
export interface ArgumentDemand {
  readonly scopes?: readonly string[];
  readonly tier?: Partial<Tier>;
  /** A sentence that refuses outright and names no secret, e.g. `The amount is above your limit of 5000 EUR.` */
  readonly refuse?: string;
}
