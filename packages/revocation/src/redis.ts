export { createRedisRevocations, type RedisRevocationsOptions } from './redis/redis-list.ts';
export { createRedisObtained, type RedisObtainedOptions } from './redis/redis-obtained.ts';
