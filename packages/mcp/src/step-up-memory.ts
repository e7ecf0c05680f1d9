import type { Grant } from '@mcp-obo/grant';
import { LRUCache } from 'lru-cache';

/**
 * Remembers who was sent to a new login for what, so that a login that did not bring the scope ends in a
 * sentence and not in a loop.
 */
export interface StepUpMemory {
  /** Notes that this caller was challenged for this operation with this token. */
  readonly challenged: (grant: Grant, operation: string) => void;
  /** True when the caller came back with a newer token after a challenge for the same operation. */
  readonly triedInVain: (grant: Grant, operation: string) => boolean;
}

/** `now` in milliseconds. A challenge is forgotten after five minutes. */
export function createStepUpMemory(now: () => number): StepUpMemory {
  const challenges = new LRUCache<string, { tokenHash: string; issuedAt: number }>({
    max: 10_000,
    ttl: 5 * 60_000,
    perf: { now },
  });
  const key = (grant: Grant, operation: string) =>
    JSON.stringify([grant.issuer, grant.subject, grant.client, operation]);
  return {
    challenged: (grant, operation) => {
      challenges.set(key(grant, operation), { tokenHash: grant.tokenHash, issuedAt: grant.issuedAt });
    },
    triedInVain: (grant, operation) => {
      const earlier = challenges.get(key(grant, operation));
      return (
        earlier !== undefined && earlier.tokenHash !== grant.tokenHash && grant.issuedAt >= earlier.issuedAt
      );
    },
  };
}
