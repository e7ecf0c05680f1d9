import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';

/** A real `redis-server` of one test: loopback, nothing on disk, nothing evicted. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Freezes the process, as a partition would (SIGSTOP). */
  pause(): void;
  /** Lets a frozen process go on. */
  resume(): void;
  /** Ends the process and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

/** True when a `redis-server` is on the PATH. */
export function redisAvailable(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * Starts a `redis-server` and waits until it accepts connections.
 *
 * @param options.port port to listen on; default a free one
 * @param options.args further arguments, e.g. `['--maxmemory', '1mb']`
 */
export async function startRedis(
  options: { port?: number; args?: readonly string[] } = {},
): Promise<RedisServer> {
  const port = options.port ?? (await freePort());
  const dir = await mkdtemp(join(tmpdir(), 'mcp-obo-redis-'));
  const child = spawn('redis-server', [...settings(port, dir), ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const cleanUp = async () => {
    child.kill('SIGCONT');
    kill();
    await gone;
    process.removeListener('exit', kill);
    await rm(dir, { recursive: true, force: true });
  };
  await ready(child).catch(async (cause) => {
    await cleanUp();
    throw cause;
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid as number,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: cleanUp,
  };
}

function settings(port: number, dir: string): string[] {
  const options = {
    port,
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk;
      if (output.includes('Ready to accept connections')) resolve();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.once('error', (cause) => reject(new Error('redis-server cannot be started.', { cause })));
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${output.slice(-400)}`)));
  });
}
