import { spawnSync } from 'node:child_process';
import { freePort } from './ports.ts';
import { type RedisProcess, startRedisProcess } from './redis/redis-process.ts';
import { type RedisTls, serverLines, tlsFiles } from './redis/server-lines.ts';

export type { RedisProcess } from './redis/redis-process.ts';
export type { RedisTls } from './redis/server-lines.ts';

/** A real `redis-server` of one test: loopback, nothing on disk, nothing evicted. */
export interface RedisServer extends RedisProcess {
  /** `rediss://` where it speaks TLS. */
  readonly url: string;
}

/** True when a `redis-server` is on the PATH. */
export function redisAvailable(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

export interface RedisServerOptions {
  /** Default a free one. */
  readonly port?: number;
  /** Further arguments, e.g. `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[];
  /** It speaks TLS alone, and asks for certificates of the same authority. */
  readonly tls?: RedisTls;
  /** Lines of its list of users, e.g. `user app on >secret ~app:* +get`. */
  readonly users?: readonly string[];
}

/** Starts a `redis-server` and waits until it accepts connections. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const { args = [], tls, users = [] } = options;
  const port = options.port ?? (await freePort());
  const server = await startRedisProcess({
    port,
    lines: [...serverLines(port, { tls: tls !== undefined }), ...users],
    files: tlsFiles(tls),
    args,
  });
  return Object.assign(server, { url: `${tls === undefined ? 'redis' : 'rediss'}://127.0.0.1:${port}` });
}
