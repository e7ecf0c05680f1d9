import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Launched, launch } from '@mcp-obo/testbed/launch';
import { freePort } from '@mcp-obo/testbed/ports';

/** How long it may take to answer. Milliseconds. */
const readyWithin = 20_000;

export interface OwnRedis extends Pick<Launched, 'pid' | 'ended' | 'stop' | 'kill'> {
  readonly url: string;
}

/**
 * A `redis-server` of this platform: loopback, nothing on disk, nothing evicted. It ends with this process.
 * Rejects with one sentence when there is none or it does not answer.
 */
export async function startOwnRedis({
  runDir,
  logFile,
  signal,
}: {
  readonly runDir: string;
  readonly logFile: string;
  readonly signal?: AbortSignal;
}): Promise<OwnRedis> {
  const port = await freePort();
  const { PATH = '' } = process.env;
  const redis = launch({
    name: 'redis-server',
    command: 'redis-server',
    args: settings(port, runDir),
    env: { PATH, MCP_OBO_RUN_DIR: runDir },
    logFile,
  });
  try {
    await answering(redis, port, signal);
  } catch (error) {
    await redis.stop();
    throw error;
  }
  return { ...redis, url: `redis://127.0.0.1:${port}` };
}

function settings(port: number, dir: string): readonly string[] {
  const options = {
    port,
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

async function answering(redis: Launched, port: number, signal?: AbortSignal): Promise<void> {
  const end = performance.now() + readyWithin;
  let gone: string | undefined;
  void redis.ended.then((sentence) => {
    gone = sentence;
  });
  while (!(await pings(port))) {
    signal?.throwIfAborted();
    if (gone?.includes('127') === true)
      throw new Error(
        'Keycloak comes with a real Redis and redis-server is not there: install it, e.g. with "apt-get install redis-server", or name one with --redis.',
      );
    if (gone !== undefined) throw new Error([gone, ...redis.complaints()].join('\n  '));
    if (performance.now() > end) throw new Error('redis-server does not answer.');
    await Promise.race([sleep(50), redis.ended]);
  }
}

function pings(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      resolve(String(data).startsWith('+PONG'));
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
