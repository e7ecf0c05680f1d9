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

/** How long what Redis took is kept here too, milliseconds: a revocation may have looked for it just before. */
const overlap = 5000;

/**
 * Shared through Redis, a sorted set for each tag. This process keeps what Redis did not take, and what it took
 * a moment ago.
 */
export function createRedisObtained(options: RedisObtainedOptions): ObtainedTokens {
  const { redis, prefix = 'mcp-obo:', now } = options;
  const untold = createMemoryObtained({ now });
  let recent = { since: now(), tokens: createMemoryObtained({ now }) };
  let earlier = recent;
  const nameOf = (tag: string) => `${prefix}v1:obtained:${tag}`;

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

  function findHere(tag: string): readonly ObtainedToken[] {
    return once([untold, recent.tokens, earlier.tokens].flatMap((tokens) => tokens.findHere(tag)));
  }

  return {
    note(tags, { key, until }) {
      const token = { key, until: Math.ceil(until) };
      if (now() - recent.since >= overlap) {
        earlier = recent;
        recent = { since: now(), tokens: createMemoryObtained({ now }) };
      }
      recent.tokens.note(tags, token);
      Promise.all(tags.map((tag) => write(tag, token))).catch((error: unknown) => {
        untold.note(tags, token);
        options.onError?.(error);
      });
    },
    async find(tag) {
      const found = await redis.zrangebyscore(nameOf(tag), now(), '+inf', 'WITHSCORES');
      return once([...pairs(found), ...findHere(tag)]);
    },
    findHere,
  };
}

/** Members and scores in turn, as Redis lists them. */
function pairs(list: readonly string[]): readonly ObtainedToken[] {
  return list.flatMap((key, index) => (index % 2 === 0 ? [{ key, until: Number(list[index + 1]) }] : []));
}

function once(tokens: readonly ObtainedToken[]): readonly ObtainedToken[] {
  return [...new Map(tokens.map((token) => [token.key, token])).values()];
}
