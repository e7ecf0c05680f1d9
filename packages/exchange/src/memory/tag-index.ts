/** Which keys have a tag. */
export interface TagIndex {
  readonly add: (key: string, tags: readonly string[]) => void;
  readonly remove: (key: string, tags: readonly string[]) => void;
  readonly keys: (tag: string) => readonly string[];
  readonly clear: () => void;
}

/** Most tags have one key, so that a set is made for the second. */
export function createTagIndex(): TagIndex {
  const keysByTag = new Map<string, string | Set<string>>();

  function addOne(key: string, tag: string): void {
    const keys = keysByTag.get(tag);
    if (keys === undefined) keysByTag.set(tag, key);
    else if (typeof keys !== 'string') keys.add(key);
    else if (keys !== key) keysByTag.set(tag, new Set([keys, key]));
  }

  function removeOne(key: string, tag: string): void {
    const keys = keysByTag.get(tag);
    if (keys === key) keysByTag.delete(tag);
    if (typeof keys !== 'object') return;
    keys.delete(key);
    if (keys.size === 0) keysByTag.delete(tag);
  }

  return {
    add(key, tags) {
      for (const tag of tags) addOne(key, tag);
    },
    remove(key, tags) {
      for (const tag of tags) removeOne(key, tag);
    },
    keys(tag) {
      const keys = keysByTag.get(tag) ?? [];
      return typeof keys === 'string' ? [keys] : [...keys];
    },
    clear: () => keysByTag.clear(),
  };
}
