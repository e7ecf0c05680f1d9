import { setInterval as every } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { redisCli } from '@mcp-obo/testbed/redis-cli';
import type { Stage, TopologyName } from './stage.ts';

/** One thing that goes wrong while brokers work. */
export interface Fault {
  readonly name: string;
  readonly topology: TopologyName;
  /** Part of the short suite. */
  readonly quick?: true;
  /** Some process may not know meanwhile what others know. */
  readonly cutsOff?: true;
  /** Does it, and answers what ends it. */
  readonly begin: (stage: Stage) => Promise<() => Promise<unknown> | unknown>;
}

const nothing = () => undefined;

/** What can go wrong, in the order in which it is tried. */
export const faults: readonly Fault[] = [
  { name: 'none', topology: 'one server', quick: true, begin: async () => nothing },
  {
    name: 'Redis answers 500 ms late',
    topology: 'one server',
    cutsOff: true,
    begin: weather({ delay: 500 }),
  },
  {
    name: 'single replies are lost',
    topology: 'one server',
    quick: true,
    cutsOff: true,
    begin: again(100, ({ redis }) => {
      for (const proxy of redis.proxies) proxy.loseReply();
    }),
  },
  {
    name: 'connections are reset, ten times a second',
    topology: 'one server',
    cutsOff: true,
    begin: again(100, ({ redis }) => {
      for (const proxy of redis.proxies) proxy.reset();
    }),
  },
  { name: 'Redis refuses connections', topology: 'one server', cutsOff: true, begin: weather('refuse') },
  {
    name: 'one broker is cut off from Redis',
    topology: 'one server',
    quick: true,
    cutsOff: true,
    async begin({ redis }) {
      redis.proxies[0]?.set('hole');
      return () => redis.proxies[0]?.set('clear');
    },
  },
  {
    name: 'all brokers are cut off from Redis',
    topology: 'one server',
    cutsOff: true,
    begin: weather('hole'),
  },
  {
    name: 'Redis is frozen (SIGSTOP)',
    topology: 'one server',
    cutsOff: true,
    async begin({ redis }) {
      redis.server?.pause();
      return () => redis.server?.resume();
    },
  },
  {
    name: 'Redis is killed and comes back empty',
    topology: 'one server',
    cutsOff: true,
    async begin({ redis }) {
      await redis.server?.kill();
      return () => redis.server?.start();
    },
  },
  {
    name: 'Redis is a replica that may not be written',
    topology: 'one server',
    cutsOff: true,
    begin: readOnly,
  },
  {
    name: 'Redis is full (maxmemory, noeviction)',
    topology: 'one server',
    cutsOff: true,
    begin: setting('maxmemory', '1', '0'),
  },
  {
    name: 'the issuer takes a second',
    topology: 'one server',
    async begin(stage) {
      stage.issuerDelay = 1000;
      return () => {
        stage.issuerDelay = 20;
      };
    },
  },
  {
    name: 'a broker is killed while it asks (SIGKILL)',
    topology: 'one server',
    quick: true,
    async begin(stage) {
      stage.issuerDelay = 300;
      await sleep(500);
      await stage.replace(0, 'SIGKILL');
      return () => {
        stage.issuerDelay = 20;
      };
    },
  },
  {
    name: 'each broker is ended and replaced (SIGTERM)',
    topology: 'one server',
    quick: true,
    async begin(stage) {
      await stage.replace(0, 'SIGTERM');
      await stage.replace(1, 'SIGTERM');
      return nothing;
    },
  },
  { name: 'none', topology: 'TLS', begin: async () => nothing },
  {
    name: 'Redis is frozen (SIGSTOP)',
    topology: 'TLS',
    cutsOff: true,
    async begin({ redis }) {
      redis.server?.pause();
      return () => redis.server?.resume();
    },
  },
  { name: 'none', topology: 'Sentinel', begin: async () => nothing },
  {
    name: 'the master is killed, a replica takes its place',
    topology: 'Sentinel',
    quick: true,
    cutsOff: true,
    begin: ({ redis }) => failOver(redis.sentinel, 'kill'),
  },
  {
    name: 'the master is frozen, is replaced, and wakes',
    topology: 'Sentinel',
    cutsOff: true,
    begin: ({ redis }) => failOver(redis.sentinel, 'freeze'),
  },
  { name: 'none', topology: 'Cluster', begin: async () => nothing },
  {
    name: 'a master is killed, its replica takes its place',
    topology: 'Cluster',
    quick: true,
    cutsOff: true,
    begin: ({ redis }) => failOver(redis.cluster, 'kill'),
  },
  {
    name: 'a master is frozen, is replaced, and wakes',
    topology: 'Cluster',
    cutsOff: true,
    begin: ({ redis }) => failOver(redis.cluster, 'freeze'),
  },
];

function weather(now: Parameters<Stage['redis']['proxies'][number]['set']>[0]): Fault['begin'] {
  return async ({ redis }) => {
    for (const proxy of redis.proxies) proxy.set(now);
    return () => {
      for (const proxy of redis.proxies) proxy.set('clear');
    };
  };
}

function again(milliseconds: number, what: (stage: Stage) => void): Fault['begin'] {
  return async (stage) => {
    const timer = every(() => what(stage), milliseconds);
    return () => clearInterval(timer);
  };
}

function setting(name: string, bad: string, good: string): Fault['begin'] {
  return async ({ redis }) => {
    const port = redis.server?.port ?? 0;
    await redisCli(port, ['CONFIG', 'SET', name, bad]);
    return () => redisCli(port, ['CONFIG', 'SET', name, good]);
  };
}

async function readOnly({ redis }: Stage): Promise<() => Promise<unknown>> {
  const port = redis.server?.port ?? 0;
  await redisCli(port, ['REPLICAOF', '127.0.0.1', '1']);
  return () => redisCli(port, ['REPLICAOF', 'NO', 'ONE']);
}

/** The master is gone or silent; what ends it waits until another is master, and brings the old one back. */
async function failOver(
  redis: Stage['redis']['sentinel'] | Stage['redis']['cluster'],
  how: 'kill' | 'freeze',
): Promise<() => Promise<void>> {
  if (redis === undefined) throw new Error('There is nobody to take the place of a master.');
  const before = await redis.master();
  const master = redis.servers.find(({ port }) => port === before);
  if (how === 'kill') await master?.kill();
  else master?.pause();
  return async () => {
    const until = performance.now() + 90_000;
    while ((await redis.master().catch(() => before)) === before) {
      if (performance.now() > until) throw new Error('No replica took the place of the master.');
      await sleep(100);
    }
    if (how === 'freeze') master?.resume();
    else await master?.start();
  };
}
