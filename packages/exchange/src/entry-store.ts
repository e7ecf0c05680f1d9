import type { CheckedAnswer } from './answer.ts';
import type { Cache } from './cache.ts';
import { decodeEntry, encodeEntry, type StoredToken } from './cache-entry.ts';
import type { Plan } from './plan.ts';

/** What happened at the cache. */
export type StoreAction = 'hit' | 'miss' | 'unreadable' | 'stored' | 'failed';

/** Checked tokens in the cache. Whatever the cache does, the exchange goes on. */
export interface EntryStore {
  readonly read: (plan: Plan) => Promise<StoredToken | undefined>;
  readonly write: (plan: Plan, answer: CheckedAnswer) => Promise<void>;
  readonly remove: (plan: Plan) => Promise<void>;
}

/** Keeps tokens in a cache and tells `report` what became of each look and write. */
export function createEntryStore(
  cache: Cache,
  now: () => number,
  report: (action: StoreAction, plan: Plan) => void,
): EntryStore {
  return {
    async read(plan) {
      try {
        const bytes = await cache.get(plan.key);
        const token = bytes === undefined ? undefined : decodeEntry(bytes, plan.key, now() / 1000);
        if (bytes !== undefined && token === undefined) {
          report('unreadable', plan);
          await cache.delete(plan.key);
        }
        report(token === undefined ? 'miss' : 'hit', plan);
        return token;
      } catch {
        report('failed', plan);
        return undefined;
      }
    },
    async remove(plan) {
      await cache.delete(plan.key).catch(() => report('failed', plan));
    },
    async write(plan, { token, cacheUntil }) {
      if (cacheUntil === undefined) return;
      try {
        const options = { expiresAt: cacheUntil * 1000, tags: plan.tags };
        await cache.set(plan.key, encodeEntry(plan.key, cacheUntil, token), options);
        report('stored', plan);
      } catch {
        report('failed', plan);
      }
    },
  };
}
