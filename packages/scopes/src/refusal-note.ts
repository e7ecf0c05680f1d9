import type { Decision } from './decision.ts';

/** What an agent is told when a call does not run, in a form that it can act on. */
export interface RefusalNote {
  /** What would make the same call pass; `nothing` means: do not try again. */
  readonly mend: 'login' | 'refresh' | 'approval' | 'nothing';
  /** A sentence for people. */
  readonly message: string;
  /** Scopes that the login must cover, by the platform's names; only where a login mends it. */
  readonly scopes?: readonly string[];
  /** Tools this caller may use instead; empty when there is none. */
  readonly instead: readonly string[];
}

/**
 * The note of a decision that is not `allow`. It leaves out the reason: that of a hidden operation would
 * give it away.
 */
export function refusalNote(decision: Exclude<Decision, { outcome: 'allow' }>): RefusalNote {
  switch (decision.outcome) {
    case 'ask':
      return { mend: 'approval', message: 'This call waits for the approval of the user.', instead: [] };
    case 'refuse':
      return { mend: 'nothing', message: decision.message, instead: decision.instead };
    case 'step-up': {
      const mend = decision.challenge.error === 'invalid_token' ? 'refresh' : 'login';
      const { scopes } = decision.challenge;
      return { mend, message: decision.message, scopes, instead: decision.instead };
    }
  }
}
