import type { InteractionReason, LoginDemand } from '@mcp-obo/exchange';
import type { LoginPlace } from './proven-logins.ts';

/** What a user is asked for. */
export type Purpose =
  | {
      /** What an exchange lacks. */
      readonly kind: 'consent';
      readonly reason: InteractionReason;
      readonly target: string;
      readonly scopes: readonly string[];
    }
  | {
      /** A fresher or stronger login than that of the token. */
      readonly kind: 'login';
      readonly operation: NamedOperation;
      readonly demand: LoginDemand;
      readonly place: LoginPlace;
    }
  | {
      /** The approval of one call, or of all that this session makes of the operation. */
      readonly kind: 'approval';
      readonly approval: 'call' | 'session';
      readonly operation: NamedOperation;
      /** The arguments, as they are shown. */
      readonly shown: string;
      /** What the answer is about, as one hash. */
      readonly question: string;
    };

export interface NamedOperation {
  readonly kind: 'tool' | 'resource' | 'prompt';
  readonly name: string;
}
