import type { RevocationEntry } from './revocation.ts';
import type { RevocationView } from './view.ts';

/** Revocations that processes share. */
export interface RevocationList extends RevocationView {
  /**
   * Adds entries: here at once, in the others when they hear of it. Rejects when they could not be told; the
   * entries hold here all the same, and the others are told as soon as it is possible.
   */
  readonly revoke: (entries: readonly RevocationEntry[]) => Promise<void>;
  /** Tells of every entry that is new in this process, whoever added it; until the answer is called. */
  readonly watch: (watcher: (entry: RevocationEntry) => void) => () => void;
  /** Resolves when the view is fresh, or after so many milliseconds. */
  readonly ready: (milliseconds: number) => Promise<void>;
  readonly close: () => Promise<void>;
}
