import type { RedisSettings } from '@mcp-obo/redis-connection';

export interface FollowRedisOptions<C> {
  /** Reads the configuration and the files it names, anew each time. */
  readonly read: () => C;
  /** Each connection, and where its settings stand. */
  readonly connections: readonly FollowedConnection<C>[];
  /** Told after changed settings are in use. */
  readonly onReload: () => void;
  /** Told once why they cannot be read; those before stay in use. */
  readonly onFault: (error: unknown) => void;
  /** Milliseconds between two looks. Default 5,000. */
  readonly everyMs?: number;
}

export interface FollowedConnection<C> {
  readonly settings: (config: C) => RedisSettings | undefined;
  /** Of `openRedis`; undefined where there is no such connection. */
  readonly renew: ((settings: RedisSettings) => void) | undefined;
}

/**
 * Takes changed passwords and certificates of Redis over while the process runs: for what is connected from then
 * on, as Redis keeps what is open. Where Redis is, is read once.
 *
 * @returns what ends it
 */
export function followRedis<C>(options: FollowRedisOptions<C>): () => void {
  const { read, connections, onReload, onFault, everyMs = 5000 } = options;
  if (connections.every(({ renew }) => renew === undefined)) return () => undefined;
  let last = look();

  function look() {
    try {
      const config = read();
      const settings = connections.map((connection) => connection.settings(config));
      return { settings, text: JSON.stringify(settings) };
    } catch (error) {
      return { error, text: String(error) };
    }
  }

  function follow(): void {
    const before = last;
    last = look();
    if (last.text === before.text) return;
    if (last.settings === undefined) {
      onFault(last.error);
      return;
    }
    last.settings.forEach((settings, index) => {
      if (settings !== undefined) connections[index]?.renew?.(settings);
    });
    onReload();
  }

  const timer = setInterval(follow, everyMs).unref();
  return () => clearInterval(timer);
}
