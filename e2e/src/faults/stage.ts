import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority } from '@mcp-obo/testbed/authority';
import { type RedisServer, startRedis } from '@mcp-obo/testbed/redis';
import { type ClusterRedis, startRedisCluster } from '@mcp-obo/testbed/redis-cluster';
import { type SentinelRedis, startSentinelRedis } from '@mcp-obo/testbed/redis-sentinel';
import { startTcpProxy, type TcpProxy } from '@mcp-obo/testbed/tcp-proxy';
import { type Broker, basic, startBroker } from '../../tests/attacks/fixture/broker.ts';
import { type Answer, send } from '../../tests/attacks/fixture/http.ts';
import { sendJson, tokenResponse } from '../../tests/attacks/fixture/upstream.ts';
import { givenClaim, type Question } from './judge.ts';
import { type PlantName, plantVariable } from './plants.ts';
import type { Brokers } from './traffic.ts';

/** How Redis is run. */
export type TopologyName = 'one server' | 'TLS' | 'Sentinel' | 'Cluster';

/** Seconds an exchange may take. */
export const deadlineSeconds = 5;

/** Sentinels that a busy machine starves take their time. Milliseconds. */
const recoveryMs = 150_000;

/** Several brokers on one Redis, an issuer, and what can be done to them. */
export interface Stage extends Brokers {
  readonly topology: TopologyName;
  /** How often the issuer was asked. */
  readonly asked: () => number;
  readonly redis: {
    readonly server?: RedisServer;
    /** Between each broker and the one server. */
    readonly proxies: readonly TcpProxy[];
    readonly sentinel?: SentinelRedis;
    readonly cluster?: ClusterRedis;
  };
  /** Milliseconds the issuer takes. */
  issuerDelay: number;
  /** From now on, for so many milliseconds, a process may not know what others know. */
  readonly cut: (milliseconds: number) => void;
  /** Ends a broker with the signal, waits until it is gone, and starts another in its place. */
  readonly replace: (index: number, signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** Resolves when equal questions to all brokers cost the issuer one call again. */
  readonly recovered: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface StageOptions {
  readonly topology: TopologyName;
  readonly brokers: number;
  readonly plant?: PlantName;
}

/** Starts everything on loopback. */
export async function startStage({ topology, brokers: count, plant }: StageOptions): Promise<Stage> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end().catch(() => undefined);
  };
  try {
    const redis = await openTopology(topology, count, closing);
    const config = (index: number) => ({
      cache: redis.settings(index),
      network: {
        allow_loopback: true,
        timeout_seconds: deadlineSeconds - 1,
        deadline_seconds: deadlineSeconds,
      },
      policy: { version: '1', rules },
    });
    const planted = new URL('./planted.ts', import.meta.url).href;
    const env: Record<string, string> =
      plant === undefined ? {} : { [plantVariable]: plant, NODE_OPTIONS: `--import=${planted}` };
    const first = await startBroker({ config: config(0), env });
    const brokers: (Broker | undefined)[] = [first];
    closing.push(async () => {
      const others = brokers.filter((one) => one !== undefined && one !== first);
      await Promise.all(others.map((one) => one?.close()));
      await first.close();
    });
    const another = (index: number) => startBroker({ beside: first, config: config(index), env });
    for (let index = 1; index < count; index += 1) brokers.push(await another(index));
    return stageOf(topology, first, brokers, another, redis, close);
  } catch (error) {
    await close();
    throw error;
  }
}

function stageOf(
  topology: TopologyName,
  first: Broker,
  brokers: (Broker | undefined)[],
  another: (index: number) => Promise<Broker>,
  redis: Stage['redis'],
  close: () => Promise<void>,
): Stage {
  const { upstream } = first;
  let cutUntil = 0;
  upstream.behave(async (response, form) => {
    await sleep(stage.issuerDelay);
    const token = await upstream.exchange(form, { [givenClaim]: performance.now() });
    sendJson(response, 200, tokenResponse(token, form));
  });

  /** A load balancer: the next broker that is there, and another when a connection ends without an answer. */
  async function balanced(turn: number, ask: (broker: Broker) => Promise<Answer>): Promise<Answer> {
    let failure: unknown = new Error('There is no broker.');
    for (let tries = 0; tries < brokers.length; tries += 1) {
      const broker = brokers[(turn + tries) % brokers.length];
      if (broker === undefined) continue;
      try {
        return await ask(broker);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  const exchangeAt = (broker: Broker, { subject, audience, scope }: Question) =>
    broker.exchange(subject.token, { audience, scope });

  const stage: Stage = {
    topology,
    redis,
    issuerDelay: 20,
    now: () => performance.now(),
    asked: () => upstream.requests.length,
    cutOff: () => performance.now() < cutUntil,
    cut: (milliseconds) => {
      cutUntil = performance.now() + milliseconds;
    },
    mint: (user) => first.subject({ sub: user }),
    exchange: (question, turn) => balanced(turn, (broker) => exchangeAt(broker, question)),
    async revoke({ token }, turn) {
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: basic('mcp-server'),
      };
      const body = new URLSearchParams({ token }).toString();
      const { status } = await balanced(turn, ({ url }) => send(`${url}/revoke`, { headers, body }));
      return status === 200;
    },
    async replace(index, signal) {
      const broker = brokers[index];
      if (broker === undefined) return;
      // Told to end, it has left the balancer before; killed, the balancer finds out.
      if (signal === 'SIGTERM') brokers[index] = undefined;
      process.kill(broker.process.pid, signal);
      await broker.process.stop();
      brokers[index] = undefined;
      brokers[index] = await another(index);
    },
    async recovered() {
      const until = performance.now() + recoveryMs;
      while (performance.now() < until) {
        const subject = { user: 'probe', token: await stage.mint('probe') };
        const question = { subject, audience: 'api://expenses', scope: 'api:expenses.read', begun: 0 };
        const there = brokers.filter((broker) => broker !== undefined);
        const answers = await Promise.all(
          there.map((broker) => exchangeAt(broker, question).catch(() => undefined)),
        );
        const calls = upstream.requests.filter((form) => form.get('subject_token') === subject.token).length;
        const equal = new Set(answers.map((answer) => answer?.body.slice(0, 400))).size === 1;
        if (equal && answers[0]?.status === 200 && calls === 1) return;
        await sleep(200);
      }
      throw new Error(`The brokers did not share their cache again within ${recoveryMs / 1000} s.`);
    },
    close,
  };
  return stage;
}

const rule = { clients: ['mcp-server'], tenants: ['acme'] };
const rules = [
  { ...rule, target: 'expenses-api', subject_scopes: ['expenses:read'], scopes: ['api:expenses.read'] },
  { ...rule, target: 'expenses-api', subject_scopes: ['expenses:write'], scopes: ['api:expenses.write'] },
  { ...rule, target: 'ledger-api', subject_scopes: ['expenses:read'], scopes: ['api:ledger.read'] },
];

type Topology = Stage['redis'] & { readonly settings: (broker: number) => object };

async function openTopology(
  name: TopologyName,
  brokers: number,
  closing: (() => Promise<unknown>)[],
): Promise<Topology> {
  const at = ({ host, port }: { host: string; port: number }) => `${host}:${port}`;
  switch (name) {
    case 'one server': {
      const server = await startRedis();
      closing.push(server.stop);
      const proxies = await Promise.all(Array.from({ length: brokers }, () => startTcpProxy(server.port)));
      closing.push(() => Promise.all(proxies.map((proxy) => proxy.close())));
      const settings = (index: number) => ({ url: `redis://127.0.0.1:${proxies[index]?.port}` });
      return { server, proxies, settings };
    }
    case 'TLS': {
      const authority = await createAuthority({ now: Date.now });
      const [own, client] = await Promise.all([authority.issue(['127.0.0.1']), authority.issue(['broker'])]);
      const tls = { ca: authority.cert, ...own };
      const server = await startRedis({ tls, args: ['--requirepass', 'secret'] });
      const access = Object.entries({ ca: authority.cert, ...client }).map(([part, value]) => [
        part,
        { value },
      ]);
      const settings = { url: server.url, password: { value: 'secret' }, tls: Object.fromEntries(access) };
      closing.push(server.stop);
      return { server, proxies: [], settings: () => settings };
    }
    case 'Sentinel': {
      const sentinel = await startSentinelRedis({ replicas: 2 });
      closing.push(sentinel.stop);
      const settings = { sentinel: { name: sentinel.name, nodes: sentinel.nodes.map(at) } };
      return { proxies: [], sentinel, settings: () => settings };
    }
    case 'Cluster': {
      const cluster = await startRedisCluster({ replicas: 1 });
      closing.push(cluster.stop);
      return {
        proxies: [],
        cluster,
        settings: () => ({ cluster: { nodes: cluster.nodes.slice(0, 3).map(at) } }),
      };
    }
  }
}
