import { randomBytes } from 'node:crypto';
import { type Cache, createMemoryCache, type KeyRing, sealCache } from '@mcp-obo/exchange';
import { createRedisCache, redisOptions } from '@mcp-obo/exchange/redis';
import { tokenHash } from '@mcp-obo/grant';
import { Redis } from 'ioredis';
import type { BrokerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';

/** The cache of the configuration: memory of this process, or Redis. What it keeps is sealed in both. */
export function openCache(
  { cache, seal }: BrokerConfig,
  { now, log }: Pick<BrokerDeps, 'now' | 'log'>,
): Cache {
  const keys = keyRing(seal?.keys ?? [randomBytes(32)]);
  if (cache.url === undefined)
    return sealCache(createMemoryCache({ maxEntries: cache.max_entries, now }), keys);
  const redis = new Redis(cache.url, { ...redisOptions });
  const store = createRedisCache({
    redis,
    prefix: cache.prefix,
    now,
    onError: (operation, err) => log.warn({ operation, err }, 'redis failed; the issuer is asked instead'),
  });
  return sealCache(store, keys);
}

/** A key is named by its hash, so that the order of the ring can change without making entries unreadable. */
function keyRing([first, ...others]: readonly Uint8Array[]): KeyRing {
  const named = (secret: Uint8Array) => ({
    id: tokenHash(Buffer.from(secret).toString('base64')).slice(0, 12),
    secret,
  });
  return [named(first ?? randomBytes(32)), ...others.map(named)];
}
