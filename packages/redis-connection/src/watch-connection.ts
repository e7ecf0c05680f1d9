import type { Cluster, Redis } from 'ioredis';

/** Tells that Redis, or a node of it, cannot be reached once, and not at each attempt to connect again. */
export function watchConnection(redis: Redis | Cluster, onLost: (error: unknown) => void): void {
  let lost = false;
  const found = () => {
    if (redis.status === 'ready') lost = false;
  };
  for (const event of ['ready', '+node']) redis.on(event, found);
  for (const event of ['error', 'sentinelError', 'node error'])
    redis.on(event, (error: unknown) => {
      if (!lost) onLost(withoutArguments(error));
      lost = true;
    });
}

/** An answer of Redis that is an error carries the command with its arguments: those of AUTH are a password. */
function withoutArguments(error: unknown): unknown {
  if (error instanceof Error) Reflect.deleteProperty(error, 'command');
  return error;
}
