/**
 * What things are called in Redis. The version is that of the layout. The braces keep an entry and its lease in one
 * slot of a Cluster; nothing else is touched in one step.
 */
export interface RedisNames {
  readonly entry: (name: string) => string;
  readonly lease: (name: string) => string;
  readonly tag: (name: string) => string;
  /** Where it is told that work on an entry ended: by scripts, so to all nodes of a Cluster. */
  readonly ends: string;
  /** Where evictions are told: over the one shard of a Cluster that has this channel. */
  readonly news: string;
}

export function redisNames(prefix: string): RedisNames {
  const own = `${prefix}v1:`;
  return {
    entry: (name) => `${own}e:{${name}}`,
    lease: (name) => `${own}l:{${name}}`,
    tag: (name) => `${own}t:${name}`,
    ends: `${own}ends`,
    news: `${own}news`,
  };
}
