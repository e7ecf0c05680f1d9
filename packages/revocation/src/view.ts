import type { Grant } from '@mcp-obo/grant';

/** What a process knows of revocations, asked synchronously for every token. */
export interface RevocationView {
  /** Whether the token was revoked, as far as this process knows. */
  readonly isRevoked: (grant: Grant) => boolean;
  /** Whether nothing that was revoked some seconds ago can be missing. */
  readonly isFresh: () => boolean;
  /** Milliseconds since the view was last known to be complete; since the start when it never was. */
  readonly age: () => number;
}

/** A view of which nothing can be missing, and where nothing is ever revoked. */
export const nothingRevoked: RevocationView = {
  isRevoked: () => false,
  isFresh: () => true,
  age: () => 0,
};
