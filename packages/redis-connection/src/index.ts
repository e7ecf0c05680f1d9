export {
  checkRedis,
  hasRedis,
  type RedisNode,
  type RedisSettings,
  redisMembers,
} from './redis-settings.ts';
