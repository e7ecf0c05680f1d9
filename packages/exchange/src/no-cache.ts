import type { Cache } from './cache.ts';

/** The store of an engine that shares nothing with anybody: what it obtains stays in its own memory. */
export const noCache: Cache = {
  get: async () => undefined,
  set: async () => undefined,
  add: async () => true,
  claim: async () => ({ state: 'held', fill: async () => true, release: async () => undefined }),
  delete: async () => undefined,
  evictByTag: async () => 0,
  watch({ restored }) {
    restored();
    return () => undefined;
  },
  healthy: async () => true,
  close: async () => undefined,
};
