import type { RedisOptions } from 'ioredis';

/**
 * Options of `ioredis` with which a Redis that is slow, gone or frozen costs a request at most
 * `commandTimeout`: nothing queues while the connection is down, nothing is sent twice, and a connection
 * that went silent is opened anew.
 */
export const redisOptions = {
  commandTimeout: 100,
  connectTimeout: 1000,
  socketTimeout: 500,
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  retryStrategy: (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000),
} as const satisfies RedisOptions;
