import type { InteractionStore } from '@mcp-obo/mcp';
import type { Cluster, Redis } from 'ioredis';

export interface RedisInteractionStoreOptions {
  readonly redis: Redis | Cluster;
  /** What stands before every key. */
  readonly prefix: string;
}

/** Interactions that all replicas see: a user may come back to another than the one that was asked. */
export function createRedisInteractionStore({
  redis,
  prefix,
}: RedisInteractionStoreOptions): InteractionStore {
  return {
    async put(key, value, expiresAt) {
      await redis.set(`${prefix}${key}`, value, 'PXAT', Math.ceil(expiresAt));
    },
    get: async (key) => (await redis.get(`${prefix}${key}`)) ?? undefined,
    take: async (key) => (await redis.getdel(`${prefix}${key}`)) ?? undefined,
  };
}
