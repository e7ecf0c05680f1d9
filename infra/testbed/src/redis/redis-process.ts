import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endIfOutlived } from '../launch/outlived.ts';

/** A process of `redis-server` that a test started. */
export interface RedisProcess {
  readonly port: number;
  readonly pid: number;
  /** Freezes the process, as a partition would (SIGSTOP). */
  pause(): void;
  /** Lets a frozen process go on. */
  resume(): void;
  /** Ends the process at once, and keeps what it knows of its peers (SIGKILL). */
  kill(): Promise<void>;
  /** Starts a killed process again: empty, on the same port. */
  start(): Promise<void>;
  /** Ends the process and removes its folder. May be called twice. */
  stop(): Promise<void>;
}

export interface RedisProcessOptions {
  readonly port: number;
  /** Lines of its configuration file. */
  readonly lines: readonly string[];
  /** Files beside it, which it finds by their names. */
  readonly files?: Readonly<Record<string, string>>;
  /** `--sentinel` for a Sentinel, and further arguments, which win over the file. */
  readonly args?: readonly string[];
  /** What it says when it is up. */
  readonly says?: string;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts `redis-server` in a folder of its own and waits until it is up. */
export async function startRedisProcess(options: RedisProcessOptions): Promise<RedisProcess> {
  const { port, lines, files = {}, args = [], says = 'Ready to accept connections' } = options;
  const dir = await mkdtemp(join(tmpdir(), 'mcp-obo-redis-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
  await writeFile(join(dir, 'redis.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });

  const run = () => {
    const started = spawn('redis-server', ['redis.conf', ...args], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(started);
    if (started.pid !== undefined) endIfOutlived({ pid: started.pid, program: 'redis-server', folder: dir });
    return started;
  };
  let child = run();
  const kill = async () => {
    if (running.delete(child)) {
      const gone = child.pid === undefined ? undefined : once(child, 'close');
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await gone;
    }
  };
  const stop = async () => {
    await kill();
    await rm(dir, { recursive: true, force: true });
  };
  await up(child, says).catch(async (cause) => {
    await stop();
    throw cause;
  });
  return {
    port,
    get pid() {
      return child.pid as number;
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    async start() {
      child = run();
      await up(child, says);
    },
    stop,
  };
}

function up(child: ChildProcess, says: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk;
      if (output.includes(says)) resolve();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.once('error', (cause) => reject(new Error('redis-server cannot be started.', { cause })));
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${output.slice(-400)}`)));
  });
}
