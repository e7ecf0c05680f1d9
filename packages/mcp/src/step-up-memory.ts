import type { Grant } from '@mcp-obo/grant';
import type { StepUp } from '@mcp-obo/scopes';
import { LRUCache } from 'lru-cache';

/**
 * Remembers who was sent to a new login for what, so that a login that did not bring what was asked for
 * ends in a sentence and not in a loop.
 */
export interface StepUpMemory {
  /** Notes what this token is used for; only its first use is kept. */
  readonly used: (grant: Grant, operation: string) => void;
  /** Notes that this caller was challenged for this operation with this token. */
  readonly challenged: (grant: Grant, operation: string, error: StepUp['error']) => void;
  /**
   * The error of the challenge this caller came back from with a newer token. Who comes back repeats the
   * refused call at once; a token whose first use was another one belongs to another session of the same
   * user and client, and a step-up may still help there.
   */
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
  const firstUses = new LRUCache<string, string>({ max: 10_000, perf: { now } });
  const key = (grant: Grant, operation: string) =>
    JSON.stringify([grant.issuer, grant.subject, grant.client, operation]);
  return {
    used: ({ tokenHash, expiresAt }, operation) => {
      const ttl = Math.max(1, expiresAt * 1000 - now());
      if (!firstUses.has(tokenHash)) firstUses.set(tokenHash, operation, { ttl });
    },
    challenged: (grant, operation, error) => {
      const { tokenHash, issuedAt } = grant;
      challenges.set(key(grant, operation), { error, tokenHash, issuedAt });
    },
    answered: (grant, operation) => {
      const earlier = challenges.get(key(grant, operation));
      if (earlier === undefined || earlier.tokenHash === grant.tokenHash) return undefined;
      if (firstUses.get(grant.tokenHash) !== operation) return undefined;
      return grant.issuedAt >= earlier.issuedAt ? earlier.error : undefined;
    },
  };
}
