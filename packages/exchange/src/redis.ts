export { watchConnection } from './redis/connection.ts';
export { createRedisCache, type RedisCacheOptions, type RedisOperation } from './redis/redis-cache.ts';
export { redisOptions } from './redis/redis-options.ts';
