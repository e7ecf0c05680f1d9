import { type Cluster, Command, type Redis } from 'ioredis';

/**
 * A further connection, to the server where a channel is told: in a Cluster the master of its slot, so that what
 * is told and what is heard pass through one process. Undefined while nobody knows which that is. It does not
 * connect again by itself: what was told meanwhile is missed, and whoever listens must know.
 */
export function openListener(redis: Redis | Cluster, channel: string): Redis | undefined {
  const options = {
    autoResubscribe: false,
    enableOfflineQueue: false,
    lazyConnect: false,
    retryStrategy: null,
  };
  if (!isCluster(redis)) return redis.duplicate(options);
  const [master] = redis.slots[new Command('spublish', [channel]).getSlot()] ?? [];
  const node = redis.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === master);
  return node?.duplicate(options);
}

/** Every server that is written to. */
export function mastersOf(redis: Redis | Cluster): readonly Redis[] {
  return isCluster(redis) ? redis.nodes('master') : [redis];
}

function isCluster(redis: Redis | Cluster): redis is Cluster {
  return redis.isCluster;
}
