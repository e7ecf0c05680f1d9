import { freePorts } from '../ports.ts';
import { type RedisProcess, startRedisProcess } from './redis-process.ts';
import { serverLines } from './server-lines.ts';
import { type RedisTopology, redisCli, settled, stopAll } from './topology.ts';

/** A master with replicas, and Sentinels that put a replica in its place. */
export interface SentinelRedis extends RedisTopology {
  /** The name of the master at the Sentinels. */
  readonly name: string;
  readonly sentinels: readonly RedisProcess[];
  /** The port of the server that the Sentinels hold for the master now. */
  readonly master: () => Promise<number>;
}

const name = 'tokens';

export interface SentinelRedisOptions {
  readonly replicas?: number;
  readonly sentinels?: number;
  /** The password of the Sentinels themselves. */
  readonly sentinelPassword?: string;
}

/** Starts servers and Sentinels on loopback; a master that is silent for a second is replaced. */
export async function startSentinelRedis(options: SentinelRedisOptions = {}): Promise<SentinelRedis> {
  const { replicas = 1, sentinels: count = 3, sentinelPassword } = options;
  const ports = await freePorts(1 + replicas + count);
  const [first = 0] = ports;
  const serverPorts = ports.slice(0, 1 + replicas);
  const sentinelPorts = ports.slice(1 + replicas);
  const started: RedisProcess[] = [];
  const stop = () => stopAll(started);
  const start = async (...args: Parameters<typeof startRedisProcess>) => {
    const one = await startRedisProcess(...args);
    started.push(one);
    return one;
  };
  const auth = sentinelPassword === undefined ? [] : ['-a', sentinelPassword, '--no-auth-warning'];
  const ask = (port: number, ...words: string[]) => redisCli(port, [...auth, 'SENTINEL', ...words]);
  try {
    const servers: RedisProcess[] = [];
    for (const port of serverPorts)
      servers.push(
        await start({
          port,
          lines: [
            ...serverLines(port, { tls: false }),
            'repl-diskless-sync-delay 0',
            ...(port === first ? [] : [`replicaof 127.0.0.1 ${first}`]),
          ],
        }),
      );
    const sentinels = await Promise.all(
      sentinelPorts.map((port) =>
        start({
          port,
          lines: sentinelLines(port, first, Math.floor(count / 2) + 1, sentinelPassword),
          args: ['--sentinel'],
          says: '+monitor',
        }),
      ),
    );
    const quorum = () => Promise.all(sentinelPorts.map((port) => ask(port, 'CKQUORUM', name))).then(String);
    const known = async () => {
      const masters = await Promise.all(sentinelPorts.map((port) => ask(port, 'MASTER', name)));
      return String(
        masters.every((text) => text.includes(`num-slaves\n${replicas}\n`) && peers(text, count)),
      );
    };
    await settled('The Sentinels', quorum, /^OK (?!.*NOQUORUM)/s);
    await settled('The Sentinels', known, /true/);
    return {
      name,
      nodes: sentinelPorts.map((port) => ({ host: '127.0.0.1', port })),
      servers,
      sentinels,
      async master() {
        const [port = 0] = sentinelPorts;
        const [, master] = (await ask(port, 'GET-MASTER-ADDR-BY-NAME', name)).split('\n');
        return Number(master);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const peers = (text: string, count: number) => text.includes(`num-other-sentinels\n${count - 1}\n`);

function sentinelLines(port: number, master: number, quorum: number, password: string | undefined): string[] {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    'daemonize no',
    ...(password === undefined ? [] : [`requirepass ${password}`, `sentinel sentinel-pass ${password}`]),
    `sentinel monitor ${name} 127.0.0.1 ${master} ${quorum}`,
    `sentinel down-after-milliseconds ${name} 1000`,
    `sentinel failover-timeout ${name} 3000`,
  ];
}
