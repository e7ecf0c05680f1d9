import type { Cluster, Redis } from 'ioredis';
import { createMemoryObtained, type ObtainedToken, type ObtainedTokens } from '../obtained.ts';

export interface RedisObtainedOptions {
  readonly redis: Redis | Cluster;
  /** In front of every key. Default `mcp-obo:`. */
  readonly prefix?: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Told when Redis did not take something; it is kept here then. */
  readonly onError?: (error: unknown) => void;
}

/** Shared through Redis, a sorted set for each tag. What Redis did not take is kept in this process. */
export function createRedisObtained(options: RedisObtainedOptions): ObtainedTokens {
  const { redis, prefix = 'mcp-obo:', now } = options;
  const untold = createMemoryObtained({ now });
  const nameOf = (tag: string) => `${prefix}obtained:${tag}`;

  async function write(tag: string, { key, until }: ObtainedToken): Promise<void> {
    const name = nameOf(tag);
    const replies = await redis
      .pipeline()
      .zremrangebyscore(name, '-inf', now())
      .zadd(name, until, key)
      .pexpireat(name, until, 'NX')
      .pexpireat(name, until, 'GT')
      .exec();
    const failed = replies?.find(([error]) => error !== null)?.[0];
    if (failed) throw failed;
  }

  return {
    note(tags, { key, until }) {
      const token = { key, until: Math.ceil(until) };
      Promise.all(tags.map((tag) => write(tag, token))).catch((error: unknown) => {
        untold.note(tags, token);
        options.onError?.(error);
      });
    },
    async find(tag) {
      const found = await redis.zrangebyscore(nameOf(tag), now(), '+inf', 'WITHSCORES');
      return [...pairs(found), ...untold.findHere(tag)];
    },
    findHere: untold.findHere,
  };
}

/** Members and scores in turn, as Redis lists them. */
function pairs(list: readonly string[]): readonly ObtainedToken[] {
  return list.flatMap((key, index) => (index % 2 === 0 ? [{ key, until: Number(list[index + 1]) }] : []));
}
