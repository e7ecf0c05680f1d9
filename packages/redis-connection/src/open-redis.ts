import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { keepInStep } from './keep-in-step.ts';
import { clusterOptions, redisOptions, sentinelOptions } from './redis-options.ts';
import type { RedisSettings } from './redis-settings.ts';
import { watchConnection } from './watch-connection.ts';

/** A connection that lives as long as its process. */
export interface RedisConnection {
  readonly redis: Redis | Cluster;
  /**
   * Takes changed passwords and certificates for what is connected from now on, further connections made from
   * this one included. Redis keeps those that are open.
   */
  readonly renew: (settings: RedisSettings) => void;
}

/**
 * Opens the connection that the settings describe. It connects by itself, and again when it was lost; a command
 * meanwhile fails at once. `onLost` is told that Redis cannot be reached once, and not at each attempt.
 *
 * @throws TypeError for settings without url, sentinel and cluster.
 */
export function openRedis(settings: RedisSettings, onLost: (error: unknown) => void): RedisConnection {
  const connection = connectionTo(settings);
  watchConnection(connection.redis, onLost);
  keepInStep(connection.redis);
  return connection;
}

function connectionTo(settings: RedisSettings): RedisConnection {
  const { url, sentinel, cluster } = settings;
  const access = accessOf(settings);
  if (cluster !== undefined)
    return openCluster(
      cluster.nodes.map((node) => ({ ...node })),
      access,
    );
  if (sentinel !== undefined)
    return single(
      { ...sentinelOptions, ...access, ...sentinelAccess(settings), name: sentinel.name },
      (changed) => ({
        ...accessOf(changed),
        ...sentinelAccess(changed),
      }),
    );
  if (url === undefined) throw new TypeError('The settings name no Redis: url, sentinel or cluster.');
  const { hostname, port, pathname } = new URL(url);
  const address = {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port !== '' && { port: Number(port) }),
    ...(pathname.length > 1 && { db: Number(pathname.slice(1)) }),
  };
  return single({ ...redisOptions, ...address, ...access }, accessOf);
}

function single(options: RedisOptions, renewed: (settings: RedisSettings) => RedisOptions): RedisConnection {
  const redis = new Redis(options);
  return { redis, renew: (settings) => void Object.assign(redis.options, renewed(settings)) };
}

function openCluster(nodes: { host: string; port: number }[], access: RedisOptions): RedisConnection {
  const redis = new Cluster(nodes, {
    ...clusterOptions,
    redisOptions: { ...clusterOptions.redisOptions, ...access },
  });
  return {
    redis,
    renew(settings) {
      const changed = accessOf(settings);
      // A Cluster copies its options for the nodes it will find, and has no other way to them.
      const { redisOptions: forNewNodes } = (
        redis as unknown as { connectionPool: { redisOptions: RedisOptions } }
      ).connectionPool;
      const own = redis.options.redisOptions;
      for (const options of [
        forNewNodes,
        ...(own === undefined ? [] : [own]),
        ...redis.nodes().map((node) => node.options),
      ])
        Object.assign(options, changed);
    },
  };
}

/** Who one is at the servers, and how they are spoken to. */
function accessOf({ url, username, password, tls }: RedisSettings): RedisOptions {
  const { protocol, username: urlUser = '', password: urlPassword = '' } = URL.parse(url ?? '') ?? {};
  const user = username ?? decodeURIComponent(urlUser);
  const secret = password ?? decodeURIComponent(urlPassword);
  const secure = tls !== undefined || protocol === 'rediss:';
  return {
    ...(user !== '' && { username: user }),
    ...(secret !== '' && { password: secret }),
    ...(secure && { tls: tlsOf(tls) }),
  };
}

function sentinelAccess({ sentinel, tls }: RedisSettings): RedisOptions {
  if (sentinel === undefined) return {};
  const { nodes, username, password } = sentinel;
  return {
    sentinels: nodes.map((node) => ({ ...node })),
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(tls !== undefined && {
      enableTLSForSentinelMode: true,
      ...(sentinel.tls && { sentinelTLS: tlsOf(tls) }),
    }),
  };
}

function tlsOf({
  ca,
  cert,
  key,
  server_name: servername,
}: NonNullable<RedisSettings['tls']> = {}): ConnectionOptions {
  return {
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(servername !== undefined && { servername }),
  };
}
