import { StartupError } from '@mcp-obo/service';
import type { Redis } from 'ioredis';
import type { BrokerDeps } from './deps.ts';

/** Longest wait for a Redis that may be starting too, milliseconds. */
const patience = 5000;

/**
 * A Redis that evicts entries to make room would forget used assertions and running exchanges in silence. Where
 * it answers now, such a one is refused; one that comes later, or changes, is an alarm in the log each time it
 * is connected to.
 *
 * @throws StartupError that says what to set.
 */
export async function refuseEviction(redis: Redis, { log }: Pick<BrokerDeps, 'log'>): Promise<void> {
  const problem = await evictionProblem(redis, await ready(redis));
  if (problem !== undefined) throw new StartupError(problem);
  redis.on('ready', async () => {
    const late = await evictionProblem(redis, true);
    if (late !== undefined) log.error({ alarm: true }, late);
  });
}

async function evictionProblem(redis: Redis, connected: boolean): Promise<string | undefined> {
  const memory = connected ? await memoryInfo(redis) : '';
  const policy = /^maxmemory_policy:(.*)$/m.exec(memory)?.[1]?.trim();
  if (policy === undefined || policy === 'noeviction') return undefined;
  return `The Redis of cache.url evicts entries when it is full (maxmemory-policy ${policy}). Set it to noeviction.`;
}

/** What Redis says of its memory; asked again where it is only slow. */
async function memoryInfo(redis: Redis): Promise<string> {
  for (let tries = 0; tries < 10 && redis.status === 'ready'; tries++) {
    const answer = await redis.info('memory').catch(() => undefined);
    if (answer !== undefined) return answer;
  }
  return '';
}

async function ready(redis: Redis): Promise<boolean> {
  if (redis.status === 'ready') return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const [isReady, isNot] = [() => resolve(true), () => resolve(false)];
  const timer = setTimeout(isNot, patience);
  redis.once('ready', isReady).once('error', isNot);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    redis.off('ready', isReady).off('error', isNot);
  }
}
