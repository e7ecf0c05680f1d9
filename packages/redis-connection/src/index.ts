export { openRedis, type RedisConnection } from './open-redis.ts';
export { redisOptions } from './redis-options.ts';
export {
  checkRedis,
  hasRedis,
  type RedisNode,
  type RedisSettings,
  redisMembers,
} from './redis-settings.ts';
