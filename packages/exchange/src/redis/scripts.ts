import type { Cluster, Redis } from 'ioredis';

/**
 * The steps that must be one step. Each has the entry as its first key and the lease as its second; an end is
 * published so that nobody has to ask whether it came.
 */
const scripts = {
  /** → 0 held, -1 filled, else the milliseconds that another's lease has left. */
  mcpOboClaim: `
    if ARGV[3] == '0' and redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
    if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 0 end
    if redis.call('GET', KEYS[2]) == ARGV[1] then return 0 end
    return math.max(1, redis.call('PTTL', KEYS[2]))`,
  /** Keeps a lease that is still one's own. → 1, or 0 when it is lost. */
  mcpOboRenew: `
    if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
    return redis.call('PEXPIRE', KEYS[2], ARGV[2])`,
  /** Fills under a lease that is still one's own, and ends it. → 1, or 0 when it is lost. */
  mcpOboFill: `
    if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
    redis.call('SET', KEYS[1], ARGV[2], 'PXAT', ARGV[3])
    redis.call('DEL', KEYS[2])
    redis.call('PUBLISH', ARGV[4], ARGV[5])
    return 1`,
  /** Ends a lease that is still one's own. */
  mcpOboRelease: `
    if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
    redis.call('DEL', KEYS[2])
    redis.call('PUBLISH', ARGV[2], ARGV[3])
    return 1`,
  /** Stores, whoever has the lease, and ends it. */
  mcpOboPut: `
    redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[2])
    if redis.call('DEL', KEYS[2]) == 1 then redis.call('PUBLISH', ARGV[3], ARGV[4]) end
    return 1`,
  /** Removes entry and lease. → 1 when there was an entry. */
  mcpOboDrop: `
    local removed = redis.call('DEL', KEYS[1])
    if redis.call('DEL', KEYS[2]) == 1 then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
    return removed`,
  /** The same → the entry, or nothing when there was none, or none of ours. */
  mcpOboTake: `
    local value = redis.pcall('GET', KEYS[1])
    redis.call('DEL', KEYS[1])
    if redis.call('DEL', KEYS[2]) == 1 then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
    return type(value) == 'string' and value`,
} as const;

type Argument = string | number | Buffer;

type Script<T> = (entry: string, lease: string, ...rest: readonly Argument[]) => Promise<T>;

/** The scripts as functions: entry and lease, then what the script takes. */
export type RedisScripts = {
  readonly [Name in Exclude<keyof typeof scripts, 'mcpOboTake'>]: Script<number>;
} & { readonly mcpOboTakeBuffer: Script<Buffer | null> };

/** Makes the scripts known to a client; Redis gets each once, by its hash after that. */
export function defineScripts(redis: Redis | Cluster): RedisScripts {
  for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(name, { numberOfKeys: 2, lua });
  return redis as unknown as RedisScripts;
}
