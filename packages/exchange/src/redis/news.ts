import type { Cluster, Redis } from 'ioredis';
import type { CacheWatcher } from '../cache.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Seal } from '../seal/seal.ts';
import { createLink, type Link } from './link.ts';
import type { RedisNames } from './names.ts';

export interface NewsOptions {
  readonly redis: Redis | Cluster;
  readonly seal: Seal;
  readonly names: Pick<RedisNames, 'ends' | 'news'>;
  /** Names this process among the others. */
  readonly self: string;
  readonly schedule: Scheduler;
}

/** Milliseconds between two proofs that the link holds: what was told is known for sure within three of them. */
const beat = 300;

/** Evictions, told to all who watch in all processes. What goes over the channel is sealed. */
export function createNews({ redis, seal, names, self, schedule }: NewsOptions): {
  readonly link: Link;
  readonly tell: (tagOrKey: string) => Promise<void>;
  readonly watch: (watcher: CacheWatcher) => () => void;
} {
  const watchers = new Set<CacheWatcher>();
  let linked = false;
  const change = (to: 'lost' | 'restored') => {
    linked = to === 'restored';
    for (const watcher of watchers) watcher[to]();
  };
  const link = createLink({
    redis,
    names,
    self,
    schedule,
    beat,
    onEviction: heard,
    onLost: () => change('lost'),
    onRestored: () => change('restored'),
  });

  /** What cannot be read may be any eviction. */
  function heard(message: Buffer): void {
    const tagOrKey = seal.open(message, 'eviction')?.toString();
    for (const watcher of watchers) {
      if (tagOrKey !== undefined) watcher.evicted(tagOrKey);
      else {
        watcher.lost();
        watcher.restored();
      }
    }
  }

  return {
    link,
    tell: (tagOrKey) => link.tellEviction(seal.seal(Buffer.from(tagOrKey), 'eviction')),
    watch(watcher) {
      watchers.add(watcher);
      if (linked) watcher.restored();
      return () => void watchers.delete(watcher);
    },
  };
}
