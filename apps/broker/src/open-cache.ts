import { type Cache, createMemoryCache, createSeal, type KeyRing } from '@mcp-obo/exchange';
import { createRedisCache } from '@mcp-obo/exchange/redis';
import { tokenHash } from '@mcp-obo/grant';
import { hasRedis } from '@mcp-obo/redis-connection';
import { openRedis } from '@mcp-obo/redis-connection/open';
import type { BrokerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';
import { type BrokerRevocations, openRevocations } from './revocation/open-revocations.ts';
import { refuseUnfit } from './unfit-redis.ts';

/** Where the broker keeps what outlives a request. */
export interface BrokerCache {
  /** For all replicas where there is Redis, else for this process. */
  readonly store: Cache;
  /** The store, where other processes share it; absent: tokens stay in the memory of the engine. */
  readonly shared?: Cache;
  /** In the same place as the store. */
  readonly revocations: BrokerRevocations;
  /** Refuses a store that could forget what it must keep, or that does not let the broker in, as far as it answers now. */
  readonly check: () => Promise<void>;
  /** Takes the keys, passwords and certificates of a changed configuration. */
  readonly renew: (config: Pick<BrokerConfig, 'seal' | 'cache'>) => void;
  readonly close: () => Promise<void>;
}

/** The cache of the configuration. What goes to Redis is sealed. */
export function openCache(
  { cache, seal }: Pick<BrokerConfig, 'seal' | 'cache'>,
  deps: Pick<BrokerDeps, 'now' | 'random' | 'log' | 'metrics'>,
): BrokerCache {
  const { now, random, log } = deps;
  if (!hasRedis(cache) || seal === undefined)
    return {
      store: createMemoryCache({ now }),
      revocations: openRevocations(undefined, deps),
      check: async () => undefined,
      renew: () => undefined,
      close: async () => undefined,
    };
  const failed = (operation: string, err: unknown) =>
    log.warn({ operation, err }, 'redis failed; the issuer is asked instead');
  const { redis, renew } = openRedis(cache, (err) => failed('connection', err));
  let ring = keyRing(seal.keys);
  const store = createRedisCache({
    redis,
    seal: createSeal(() => ring),
    prefix: cache.prefix,
    replicas: cache.replicas ?? (cache.url === undefined ? 1 : 0),
    now,
    random,
    onError: failed,
  });
  const revocations = openRevocations({ redis, prefix: cache.prefix }, deps);
  return {
    store,
    shared: store,
    revocations,
    check: () => refuseUnfit(redis, { log }),
    renew(changed) {
      renew(changed.cache);
      if (changed.seal !== undefined) ring = keyRing(changed.seal.keys);
    },
    async close() {
      await revocations.list.close();
      await store.close();
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
