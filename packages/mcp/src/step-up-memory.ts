import type { Grant } from '@mcp-obo/grant';
import type { StepUp } from '@mcp-obo/scopes';
import { LRUCache } from 'lru-cache';

/**
 * Remembers who was sent to a new login for what, so that a login that did not bring what was asked for
 * ends in a sentence and not in a loop.
 */
export interface StepUpMemory {
  /** Notes that this caller was challenged for this operation with this token. */
  readonly challenged: (grant: Grant, operation: string, error: StepUp['error']) => void;
  /** The error of the challenge this caller came back from with a newer token. */
  readonly answered: (grant: Grant, operation: string) => StepUp['error'] | undefined;
}

interface Challenge {
  readonly error: StepUp['error'];
  readonly tokenHash: string;
  readonly issuedAt: number;
}

/** `now` in milliseconds. A challenge is forgotten after five minutes. */
export function createStepUpMemory(now: () => number): StepUpMemory {
  const challenges = new LRUCache<string, Challenge>({ max: 10_000, ttl: 5 * 60_000, perf: { now } });
  const key = (grant: Grant, operation: string) =>
    JSON.stringify([grant.issuer, grant.subject, grant.client, operation]);
  return {
    challenged: (grant, operation, error) => {
      const { tokenHash, issuedAt } = grant;
      challenges.set(key(grant, operation), { error, tokenHash, issuedAt });
    },
    answered: (grant, operation) => {
      const earlier = challenges.get(key(grant, operation));
      if (earlier === undefined || earlier.tokenHash === grant.tokenHash) return undefined;
      return grant.issuedAt >= earlier.issuedAt ? earlier.error : undefined;
    },
  };
}
