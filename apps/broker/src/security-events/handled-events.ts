import type { Cache } from '@mcp-obo/exchange';
import { tokenHash } from '@mcp-obo/grant';
import { longestEventAge, type SecurityEventToken } from '@mcp-obo/validator';

type Name = Pick<SecurityEventToken, 'transmitter' | 'tokenId'>;

/** Remembers which tokens have been acted on. */
export interface HandledEvents {
  readonly has: (token: Name) => Promise<boolean>;
  readonly add: (token: Name & Pick<SecurityEventToken, 'issuedAt'>) => Promise<void>;
}

/** How far clocks may be apart, seconds. */
const clockTolerance = 30;

/**
 * Remembers them for as long as they would be taken, for all who share the cache. A token is added when all is done
 * that it says, so one that could not be acted on is taken again. Where this is forgotten, a token that comes again
 * ends what it ended before: what was opened later is not touched.
 */
export function createHandledEvents(cache: Pick<Cache, 'get' | 'add'>): HandledEvents {
  return {
    has: async (token) => (await cache.get(keyOf(token))) !== undefined,
    async add(token) {
      const expiresAt = (token.issuedAt + longestEventAge + clockTolerance) * 1000;
      await cache.add(keyOf(token), handled, { expiresAt, tags: [] });
    },
  };
}

const handled = Uint8Array.of(1);

function keyOf({ transmitter, tokenId }: Name): string {
  return `security-event:${tokenHash(JSON.stringify([transmitter, tokenId]))}`;
}
