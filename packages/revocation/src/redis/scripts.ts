import type { Cluster, Redis } from 'ioredis';

/**
 * Keys of both: the mark of the generation, and the stream of entries. Each writes, so that only a Redis that
 * takes writes can answer: a replica may be behind.
 */
const scripts = {
  /**
   * Where the list stands → generation, its age in milliseconds, id of the newest entry. A list that is not
   * there, or not whole, is begun with the generation of ARGV.
   */
  mcpOboRevocationState: `
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local mark = redis.call('GET', KEYS[1])
    if not mark or redis.call('EXISTS', KEYS[2]) == 0 then
      redis.call('DEL', KEYS[2])
      redis.call('XADD', KEYS[2], '*', 'begun', ARGV[1])
      mark = ARGV[1] .. ' ' .. now
    end
    redis.call('SET', KEYS[1], mark)
    local generation, born = string.match(mark, '^(%S+) (%d+)$')
    local info = redis.call('XINFO', 'STREAM', KEYS[2])
    local last
    for i = 1, #info, 2 do
      if info[i] == 'last-generated-id' then last = info[i + 1] end
    end
    return { generation, now - born, last }`,
  /** Adds entries to the generation of ARGV, and drops what is older than ARGV milliseconds. → 1, or 0 for another generation. */
  mcpOboRevoke: `
    local mark = redis.call('GET', KEYS[1])
    if not mark or string.match(mark, '^(%S+)') ~= ARGV[1] then return 0 end
    for i = 3, #ARGV do redis.call('XADD', KEYS[2], '*', 'entry', ARGV[i]) end
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('XTRIM', KEYS[2], 'MINID', '~', now - ARGV[2])
    return 1`,
} as const;

/** Names of the list in Redis. The braces keep both in one slot of a Cluster. */
export interface ListKeys {
  readonly generation: string;
  readonly log: string;
}

export function listKeys(prefix: string): ListKeys {
  return { generation: `${prefix}v1:{revocations}:generation`, log: `${prefix}v1:{revocations}:log` };
}

export interface ListScripts {
  readonly mcpOboRevocationState: (
    generation: string,
    log: string,
    newGeneration: string,
  ) => Promise<unknown>;
  readonly mcpOboRevoke: (
    generation: string,
    log: string,
    expected: string,
    keepMilliseconds: number,
    ...entries: readonly string[]
  ) => Promise<unknown>;
}

/** Makes the scripts known to a client. */
export function defineListScripts(redis: Redis | Cluster): ListScripts {
  for (const [name, lua] of Object.entries(scripts)) redis.defineCommand(name, { numberOfKeys: 2, lua });
  return redis as unknown as ListScripts;
}
