import { createAuthority } from '../authority.ts';
import { startRedis } from '../redis.ts';
import { startRedisCluster } from './cluster.ts';
import type { RedisProcess } from './redis-process.ts';
import { startSentinelRedis } from './sentinel.ts';
import type { RedisNode } from './topology.ts';

/** A Redis that a test started. */
export interface RunningRedis {
  /** How it is reached, as `packages/redis-connection` takes it. */
  readonly settings: {
    readonly url?: string;
    readonly sentinel?: {
      readonly name: string;
      readonly nodes: readonly RedisNode[];
      readonly password: string;
      readonly tls: boolean;
    };
    readonly cluster?: { readonly nodes: readonly RedisNode[] };
    readonly username?: string;
    readonly password?: string;
    readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  };
  /** Replicas of each master. */
  readonly replicas: number;
  /** The servers that hold data. */
  readonly servers: readonly RedisProcess[];
  /** The port of the master; in a Cluster that of the first slot. */
  readonly master: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Name and password of the ACL user of these servers. */
export const redisUser = { username: 'app', password: 'secret-of-the-app' } as const;

/**
 * Every way in which Redis is run, each by real processes.
 *
 * @param rights what its user may, where it has one (`~keys:* +get`)
 */
export function redisTopologies(rights: string): Readonly<Record<string, () => Promise<RunningRedis>>> {
  const user = `user ${redisUser.username} on >${redisUser.password} ${rights}`;
  return {
    async 'on one server'() {
      const server = await startRedis();
      return one(server, { url: server.url });
    },
    async 'on one server, by TLS with a certificate, as a user with few rights'() {
      const authority = await createAuthority({ now: Date.now });
      const [own, client] = await Promise.all([authority.issue(['127.0.0.1']), authority.issue(['client'])]);
      const server = await startRedis({
        tls: { ca: authority.cert, ...own },
        users: ['user default off', user],
      });
      return one(server, { url: server.url, ...redisUser, tls: { ca: authority.cert, ...client } });
    },
    async 'with Sentinels'() {
      const password = 'secret-of-the-sentinels';
      const { name, nodes, ...redis } = await startSentinelRedis({ sentinelPassword: password });
      return { settings: { sentinel: { name, nodes, password, tls: true } }, replicas: 1, ...redis };
    },
    async 'as a Cluster, as a user with few rights'() {
      const { nodes, ...redis } = await startRedisCluster({ replicas: 1, users: [user] });
      return { settings: { cluster: { nodes: nodes.slice(0, 1) }, ...redisUser }, replicas: 1, ...redis };
    },
  };
}

function one(
  server: Awaited<ReturnType<typeof startRedis>>,
  settings: RunningRedis['settings'],
): RunningRedis {
  return { settings, replicas: 0, servers: [server], master: async () => server.port, stop: server.stop };
}
