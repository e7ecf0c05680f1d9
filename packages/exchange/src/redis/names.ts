/** What things are called in Redis. The braces keep an entry and its lease in one slot of a Cluster. */
export interface RedisNames {
  readonly entry: (name: string) => string;
  readonly lease: (name: string) => string;
  readonly tag: (name: string) => string;
  readonly channel: string;
}

export function redisNames(prefix: string): RedisNames {
  return {
    entry: (name) => `${prefix}e:{${name}}`,
    lease: (name) => `${prefix}l:{${name}}`,
    tag: (name) => `${prefix}t:${name}`,
    channel: `${prefix}link`,
  };
}
