/** A token that was obtained with another, by its `subjectKey`. */
export interface ObtainedToken {
  readonly key: string;
  /** When it expires. Milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Which tokens were obtained with which token, session or client, so that they end with it. What they have in
 * common with it by themselves (the user) need not be kept.
 */
export interface ObtainedTokens {
  /** Notes a token under everything it was obtained with. Returns at once, and never throws. */
  readonly note: (tags: readonly string[], token: ObtainedToken) => void;
  /** What was obtained with this, by whichever process. Rejects when that cannot be known. */
  readonly find: (tag: string) => Promise<readonly ObtainedToken[]>;
  /** The part of it that this process alone knows. */
  readonly findHere: (tag: string) => readonly ObtainedToken[];
}

export interface MemoryObtainedOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Bound of the tokens that are kept; the oldest go. Default 100,000. */
  readonly maxTokens?: number;
}

/** Keeps what this process obtained, until it expires. */
export function createMemoryObtained({ now, maxTokens = 100_000 }: MemoryObtainedOptions): ObtainedTokens {
  const byTag = new Map<string, Map<string, number>>();
  const tagsOf = new Map<string, { readonly tags: readonly string[]; readonly until: number }>();

  function forget(key: string, tags: readonly string[]): void {
    tagsOf.delete(key);
    for (const tag of tags) {
      const tokens = byTag.get(tag);
      tokens?.delete(key);
      if (tokens?.size === 0) byTag.delete(tag);
    }
  }

  function makeRoom(): void {
    const time = now();
    for (const [key, { tags, until }] of tagsOf) {
      if (until > time && tagsOf.size < maxTokens) return;
      forget(key, tags);
    }
  }

  function findHere(tag: string): readonly ObtainedToken[] {
    const time = now();
    return [...(byTag.get(tag) ?? [])].flatMap(([key, until]) => (until > time ? [{ key, until }] : []));
  }

  return {
    note(tags, { key, until }) {
      makeRoom();
      tagsOf.set(key, { tags, until });
      for (const tag of tags) byTag.set(tag, (byTag.get(tag) ?? new Map()).set(key, until));
    },
    find: async (tag) => findHere(tag),
    findHere,
  };
}
