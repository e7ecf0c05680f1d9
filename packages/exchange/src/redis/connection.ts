import type { Cluster, Redis } from 'ioredis';

/** A further connection to the same Redis. Whoever subscribes on it does so again by itself when it was lost. */
export function duplicate(redis: Redis | Cluster): Redis | Cluster {
  return 'nodes' in redis ? redis.duplicate() : redis.duplicate({ autoResubscribe: false });
}

/** Tells that Redis cannot be reached once, and not at each attempt to connect again. */
export function watchConnection(redis: Redis | Cluster, onLost: (error: unknown) => void): void {
  let lost = false;
  redis.on('ready', () => {
    lost = false;
  });
  redis.on('error', (error: unknown) => {
    if (!lost) onLost(error);
    lost = true;
  });
}
