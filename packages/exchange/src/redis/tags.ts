import type { Cluster, Redis } from 'ioredis';
import type { RedisNames } from './names.ts';

/**
 * A tag is a sorted set of names by the time they end, and lives as long as the last of them. A name stays in it
 * until then, also when its entry is gone: whoever took it out could take it from an entry that somebody else is
 * storing under that name, which no eviction would then find.
 */
export interface Tags {
  readonly add: (tags: readonly string[], name: string, end: number) => Promise<void>;
  /** Names with the tag, by every key of the ring. */
  readonly find: (tag: string) => Promise<readonly string[]>;
}

/** @param namesOf what a tag is called, by each key of the ring; the first is used for what is new. */
export function createTags(
  redis: Redis | Cluster,
  names: RedisNames,
  namesOf: (tag: string) => readonly [string, ...string[]],
  now: () => number,
): Tags {
  const newest = (tag: string) => names.tag(namesOf(tag)[0]);
  const all = (tag: string) => namesOf(tag).map(names.tag);

  /** One slot a pipeline, so that a Cluster takes it. */
  async function addOne(set: string, name: string, end: number): Promise<void> {
    const pipeline = redis
      .pipeline()
      .zremrangebyscore(set, '-inf', String(now()))
      .zadd(set, end, name)
      .pexpireat(set, end, 'NX')
      .pexpireat(set, end, 'GT');
    const failed = (await pipeline.exec())?.find(([error]) => error !== null)?.[0];
    if (failed) throw failed;
  }

  return {
    async add(tags, name, end) {
      await Promise.all(tags.map((tag) => addOne(newest(tag), name, end)));
    },
    async find(tag) {
      const found = await Promise.all(all(tag).map((set) => redis.zrange(set, '0', '-1')));
      return [...new Set(found.flat())];
    },
  };
}
