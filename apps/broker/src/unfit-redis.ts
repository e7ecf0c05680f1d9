import { StartupError } from '@mcp-obo/service';
import type { Cluster, Redis } from 'ioredis';
import type { BrokerDeps } from './deps.ts';

/** Longest wait for a Redis that may be starting too, milliseconds. */
const patience = 5000;

/**
 * A Redis that evicts entries to make room would forget used assertions and running exchanges in silence, and one
 * that does not let the broker in is a wrong setting. Where it answers now, such a one is refused; one that comes
 * later, or changes, is an alarm in the log each time it is connected to.
 *
 * @throws StartupError that says what to set.
 */
export async function refuseUnfit(redis: Redis | Cluster, { log }: Pick<BrokerDeps, 'log'>): Promise<void> {
  const problem = (await stranger(redis)) ?? (await evictionProblem(redis));
  if (problem !== undefined) throw new StartupError(problem);
  redis.on('ready', async () => {
    const late = await evictionProblem(redis);
    if (late !== undefined) log.error({ alarm: true }, late);
  });
}

/** Answers of a server to a user or password that is not right (Redis ACL). */
const shut = /\b(WRONGPASS|NOAUTH|NOPERM)\b/;

/** Waits until it is connected or cannot be reached, and says why it does not let us in. */
async function stranger(redis: Redis | Cluster): Promise<string | undefined> {
  if (redis.status === 'ready') return undefined;
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const timer = setTimeout(resolve, patience);
  const unreachable = ['error', 'sentinelError', 'node error'];
  redis.once('ready', resolve);
  for (const event of unreachable) redis.once(event, resolve);
  const reason = await promise;
  clearTimeout(timer);
  for (const event of ['ready', ...unreachable]) redis.off(event, resolve);
  const [, word] = shut.exec(String(reason)) ?? [];
  return word === undefined
    ? undefined
    : `The Redis of cache refuses its user (${word}). Set cache.username and cache.password to one that it knows.`;
}

async function evictionProblem(redis: Redis | Cluster): Promise<string | undefined> {
  if (redis.status !== 'ready') return undefined;
  const masters = 'nodes' in redis ? redis.nodes('master') : [redis];
  const memories = await Promise.all(masters.map(memoryInfo));
  const policies = memories.flatMap((memory) => /^maxmemory_policy:(\w|-)+/m.exec(memory)?.[0] ?? []);
  const evicting = policies.map((line) => line.split(':')[1]).find((policy) => policy !== 'noeviction');
  if (evicting === undefined) return undefined;
  return `The Redis of cache evicts entries when it is full (maxmemory-policy ${evicting}). Set it to noeviction.`;
}

/** What Redis says of its memory; asked again where it is only slow. */
async function memoryInfo(redis: Redis): Promise<string> {
  for (let tries = 0; tries < 10 && redis.status !== 'end'; tries++) {
    const answer = await redis.info('memory').catch(() => undefined);
    if (answer !== undefined) return answer;
  }
  return '';
}
