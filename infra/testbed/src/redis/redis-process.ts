import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A process of `redis-server` that a test started. */
export interface RedisProcess {
  readonly port: number;
  readonly pid: number;
  /** Freezes the process, as a partition would (SIGSTOP). */
  pause(): void;
  /** Lets a frozen process go on. */
  resume(): void;
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
  const child = spawn('redis-server', ['redis.conf', ...args], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  running.add(child);
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.kill('SIGCONT');
    kill();
    await gone;
    running.delete(child);
    await rm(dir, { recursive: true, force: true });
  };
  await up(child, says).catch(async (cause) => {
    await stop();
    throw cause;
  });
  return {
    port,
    pid: child.pid as number,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
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
