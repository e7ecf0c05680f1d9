import type { ClusterOptions, RedisOptions } from 'ioredis';

const retryStrategy = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000);

/** What holds for every connection, also for those to the nodes of a Cluster. */
const bounds = {
  commandTimeout: 100,
  connectTimeout: 1000,
  socketTimeout: 500,
  maxRetriesPerRequest: 1,
  autoResendUnfulfilledCommands: false,
  // Redis 7.0 does not know it, and an ACL user would need the right.
  disableClientInfo: true,
} as const satisfies RedisOptions;

/**
 * Options of `ioredis` with which a Redis that is slow, gone or frozen costs a request at most
 * `commandTimeout`: nothing queues while the connection is down, nothing is sent twice, and a connection
 * that went silent is opened anew.
 */
export const redisOptions = {
  ...bounds,
  enableOfflineQueue: false,
  retryStrategy,
} as const satisfies RedisOptions;

/** The same for Sentinels: they are asked again until one knows the master, and tell when another has become it. */
export const sentinelOptions = {
  ...redisOptions,
  sentinelCommandTimeout: 1000,
  sentinelRetryStrategy: retryStrategy,
  sentinelReconnectStrategy: retryStrategy,
  failoverDetector: true,
} as const satisfies RedisOptions;

/**
 * The same for a Cluster: a command is led on to another node a few times at most, and who is master of what
 * is asked again every second, for a node that is silent leads nobody on.
 */
export const clusterOptions = {
  enableOfflineQueue: false,
  maxRedirections: 3,
  retryDelayOnFailover: 30,
  retryDelayOnClusterDown: 30,
  retryDelayOnTryAgain: 30,
  slotsRefreshTimeout: 1000,
  slotsRefreshInterval: 1000,
  clusterRetryStrategy: retryStrategy,
  redisOptions: bounds,
} as const satisfies ClusterOptions;
