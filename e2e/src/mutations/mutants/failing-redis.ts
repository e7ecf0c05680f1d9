import type { Mutant } from '../mutant.ts';

/** Rules about a Redis that fails (tb). */
export const failingRedis: readonly Mutant[] = [
  {
    name: 'eviction-that-a-failover-undoes',
    breaks: ['tb:redis-down'],
    file: 'packages/exchange/src/redis/redis-cache.ts',
    find: 'every((count) => count >= replicas)',
    replace: 'every((count) => count >= 0)',
  },
  {
    name: 'replies-out-of-step',
    breaks: ['tb:redis-down'],
    file: 'packages/redis-connection/src/keep-in-step.ts',
    find: 'connection.disconnect(true);',
    replace: '',
  },
];
