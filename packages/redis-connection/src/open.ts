export { openRedis, type RedisConnection } from './open-redis.ts';
export { redisOptions } from './redis-options.ts';
