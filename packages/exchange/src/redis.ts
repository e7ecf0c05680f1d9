export { createRedisCache, type RedisCacheOptions, type RedisOperation } from './redis/redis-cache.ts';
