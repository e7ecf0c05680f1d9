import type { Cluster, Redis } from 'ioredis';

/** Tells that Redis cannot be reached once, and not at each attempt to connect again. */
export function watchConnection(redis: Redis | Cluster, onLost: (error: unknown) => void): void {
  let lost = false;
  const tell = (error: unknown) => {
    if (!lost) onLost(error);
    lost = true;
  };
  const found = () => {
    lost = false;
  };
  for (const event of ['ready', '+node']) redis.on(event, found);
  for (const event of ['error', 'sentinelError', 'node error']) redis.on(event, tell);
}
