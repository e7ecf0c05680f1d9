import { type Cache, createMemoryCache, createSeal, type KeyRing } from '@mcp-obo/exchange';
import { createRedisCache, redisOptions } from '@mcp-obo/exchange/redis';
import { tokenHash } from '@mcp-obo/grant';
import { Redis } from 'ioredis';
import type { BrokerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';
import { refuseEviction } from './eviction-policy.ts';

/** Where the broker keeps what outlives a request. */
export interface BrokerCache {
  /** For all replicas where there is Redis, else for this process. */
  readonly store: Cache;
  /** The store, where other processes share it; absent: tokens stay in the memory of the engine. */
  readonly shared?: Cache;
  /** Refuses a store that could forget what it must keep, as far as it answers now. */
  readonly check: () => Promise<void>;
  /** Takes the keys of a changed configuration: the first seals from now on, all of them open. */
  readonly reseal: (config: Pick<BrokerConfig, 'seal'>) => void;
}

/** The cache of the configuration. What goes to Redis is sealed. */
export function openCache(
  { cache, seal }: BrokerConfig,
  { now, random, log }: Pick<BrokerDeps, 'now' | 'random' | 'log'>,
): BrokerCache {
  if (cache.url === undefined || seal === undefined)
    return { store: createMemoryCache({ now }), check: async () => undefined, reseal: () => undefined };
  const redis = new Redis(cache.url, { ...redisOptions });
  let ring = keyRing(seal.keys);
  const store = createRedisCache({
    redis,
    seal: createSeal(() => ring),
    prefix: cache.prefix,
    now,
    random,
    onError: (operation, err) => log.warn({ operation, err }, 'redis failed; the issuer is asked instead'),
  });
  return {
    store,
    shared: store,
    check: () => refuseEviction(redis, { log }),
    reseal({ seal: changed }) {
      if (changed !== undefined) ring = keyRing(changed.keys);
    },
  };
}

/** A key is named by its hash, so that the order of the ring can change without making entries unreadable. */
function keyRing(keys: readonly Uint8Array[]): KeyRing {
  const named = (secret: Uint8Array) => ({
    id: tokenHash(Buffer.from(secret).toString('base64')).slice(0, 12),
    secret,
  });
  return keys.map(named) as [ReturnType<typeof named>, ...ReturnType<typeof named>[]];
}
