import { freePorts } from '../ports.ts';
import { type RedisProcess, startRedisProcess } from './redis-process.ts';
import { serverLines } from './server-lines.ts';
import { type RedisTopology, redisCli, settled, stopAll } from './topology.ts';

/** A cluster of masters that share the slots, each with its replicas. */
export interface ClusterRedis extends RedisTopology {
  /** The port of the server that is master of the first slot now. */
  readonly master: () => Promise<number>;
}

export interface ClusterRedisOptions {
  /** At least three. */
  readonly masters?: number;
  /** Of each master. */
  readonly replicas?: number;
  /** Lines of the list of users of every server. */
  readonly users?: readonly string[];
}

/** Starts a cluster on loopback by `redis-cli --cluster create`; a master that is silent for a second is replaced. */
export async function startRedisCluster(options: ClusterRedisOptions = {}): Promise<ClusterRedis> {
  const { masters = 3, replicas = 0, users = [] } = options;
  const count = masters * (1 + replicas);
  const ports = await freePorts(2 * count);
  const started: RedisProcess[] = [];
  const stop = () => stopAll(started);
  try {
    await Promise.all(
      ports.slice(0, count).map(async (port, index) => {
        const lines = [
          ...serverLines(port, { tls: false }),
          'cluster-enabled yes',
          `cluster-port ${ports[count + index]}`,
          'cluster-node-timeout 1000',
          'repl-diskless-sync-delay 0',
          ...users,
        ];
        started.push(await startRedisProcess({ port, lines }));
      }),
    );
    const [first = 0] = started.map(({ port }) => port);
    const addresses = started.map(({ port }) => `127.0.0.1:${port}@${ports[count + ports.indexOf(port)]}`);
    const create = ['--cluster', 'create', ...addresses, '--cluster-replicas', String(replicas)];
    await redisCli(first, [...create, '--cluster-yes']);
    const states = () => Promise.all(started.map(({ port }) => redisCli(port, ['CLUSTER', 'INFO'])));
    const ready = async () =>
      String((await states()).every((text) => new RegExp(`state:ok[^]*known_nodes:${count}\\b`).test(text)));
    await settled('The cluster', ready, /true/);
    const roles = await Promise.all(started.map(({ port }) => redisCli(port, ['ROLE'])));
    const isMaster = (index: number) => (roles[index]?.startsWith('master') === true ? 0 : 1);
    return {
      nodes: started.map(({ port }) => ({ host: '127.0.0.1', port })),
      servers: started
        .map((server, index) => ({ server, rank: isMaster(index) }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ server }) => server),
      async master() {
        const tellers = await Promise.all(
          started.map(({ port }) => redisCli(port, ['CLUSTER', 'NODES'], 500).catch(() => '')),
        );
        const owner = tellers.flatMap((text) => text.split('\n')).find((line) => firstSlotsMaster.test(line));
        if (owner === undefined) throw new Error('Nobody is master of the first slot.');
        return Number(/:(\d+)@/.exec(owner)?.[1]);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A line of CLUSTER NODES: a master that is not in doubt and has slot 0. */
const firstSlotsMaster = /^\S+ \S+ (?:myself,)?master - .* 0(?:-\d+)?(?: |$)/;
