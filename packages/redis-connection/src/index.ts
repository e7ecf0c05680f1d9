export { openRedis, type RedisConnection } from './open-redis.ts';
export { redisOptions } from './redis-options.ts';
export {
  hasRedis,
  type RedisNode,
  type RedisSettings,
  redisMembers,
  redisProblems,
} from './redis-settings.ts';
export { watchConnection } from './watch-connection.ts';
