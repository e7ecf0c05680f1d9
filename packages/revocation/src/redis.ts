export { createRedisRevocations, type RedisRevocationsOptions } from './redis/redis-list.ts';
