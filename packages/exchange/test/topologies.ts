import type { RedisSettings } from '@mcp-obo/redis-connection';
import { createAuthority } from '@mcp-obo/testbed/authority';
import { startRedis } from '@mcp-obo/testbed/redis';
import { startRedisCluster } from '@mcp-obo/testbed/redis-cluster';
import { startSentinelRedis } from '@mcp-obo/testbed/redis-sentinel';

/** A Redis that a test started, and how it is reached. */
export interface Topology {
  readonly settings: RedisSettings;
  /** Replicas of each master. */
  readonly replicas: number;
  readonly stop: () => Promise<void>;
}

/**
 * The least that the cache may: commands on its keys, scripts, its channels, and what a connection needs. Written
 * as an operator writes it; docs/configuration.md has the same line.
 */
export const leastRights =
  '~mcp-obo:* &mcp-obo:* -@all +get +set +del +exists +pexpire +pexpireat +pttl +zadd +zrem +zrange +zremrangebyscore ' +
  '+eval +evalsha +publish +spublish +subscribe +ssubscribe +wait +hello +auth +ping +info +cluster|slots +cluster|info';

const password = 'secret of the cache';

/** Every way in which Redis is run, each by real processes. */
export const topologies: Readonly<Record<string, () => Promise<Topology>>> = {
  async 'on one server'() {
    const { url, stop } = await startRedis();
    return { settings: { url }, replicas: 0, stop };
  },
  async 'on one server, by TLS with a certificate, as a user with the least rights'() {
    const authority = await createAuthority({ now: Date.now });
    const [server, client] = await Promise.all([authority.issue(['127.0.0.1']), authority.issue(['broker'])]);
    const rights = leastRights.replaceAll('mcp-obo:', 'test:');
    const { url, stop } = await startRedis({
      tls: { ca: authority.cert, ...server },
      users: ['user default off', `user cache on >${password.replaceAll(' ', '-')} ${rights}`],
    });
    const settings = {
      url,
      username: 'cache',
      password: password.replaceAll(' ', '-'),
      tls: { ca: authority.cert, ...client },
    };
    return { settings, replicas: 0, stop };
  },
  async 'with Sentinels'() {
    const sentinelPassword = 'secret-of-the-sentinels';
    const { name, nodes, stop } = await startSentinelRedis({ sentinelPassword });
    return {
      settings: { sentinel: { name, nodes, password: sentinelPassword, tls: true } },
      replicas: 1,
      stop,
    };
  },
  async 'as a Cluster, as a user with the least rights'() {
    const rights = leastRights.replaceAll('mcp-obo:', 'test:');
    const { nodes, stop } = await startRedisCluster({
      replicas: 1,
      users: [`user cache on >cluster-secret ${rights}`],
    });
    const [first = { host: '', port: 0 }] = nodes;
    const settings = { cluster: { nodes: [first] }, username: 'cache', password: 'cluster-secret' };
    return { settings, replicas: 1, stop };
  },
};
