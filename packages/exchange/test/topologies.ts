import { redisTopologies } from '@mcp-obo/testbed/redis-topologies';

/** In front of the keys and channels of a test. */
export const prefix = 'test:';

/** Every way in which Redis is run; a user there has no right but those that the cache needs. */
export const topologies = redisTopologies(
  `~${prefix}* &${prefix}* -@all +get +set +del +exists +pexpire +pexpireat +pttl +zadd +zrange +zremrangebyscore ` +
    '+eval +evalsha +publish +spublish +subscribe +ssubscribe +wait +hello +auth +ping +info +cluster|slots +cluster|info',
);
