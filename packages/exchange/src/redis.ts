export {
  createRedisCache,
  type RedisCacheOptions,
  type RedisOperation,
  watchConnection,
} from './redis/redis-cache.ts';
export { redisOptions } from './redis/redis-options.ts';
