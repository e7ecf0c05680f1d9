import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freePorts } from '../src/ports.ts';
import { redisAvailable, startRedis } from '../src/redis.ts';

describe('startRedis', () => {
  it.runIf(redisAvailable())(
    'starts a server that evicts nothing and ends without leaving a process',
    async () => {
      const redis = await startRedis();
      expect(await ask(redis.port, 'CONFIG GET maxmemory-policy')).toContain('noeviction');
      await redis.stop();
      await redis.stop();
      expect(() => process.kill(redis.pid, 0)).toThrow();
    },
  );

  it.runIf(redisAvailable())('ends with who started it, also by kill -9 and when it is frozen', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'outlived-'));
    const script = `
      const { startRedis } = await import(${JSON.stringify(new URL('../src/redis.ts', import.meta.url).href)});
      const [one, two] = [await startRedis(), await startRedis()];
      two.pause();
      process.stdout.write(one.pid + ' ' + two.pid);
      setInterval(() => {}, 1000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pids = String((await once(starter.stdout, 'data'))[0])
      .split(' ')
      .map(Number);
    expect(pids.map(isAlive)).toEqual([true, true]);
    starter.kill('SIGKILL');
    await expect.poll(() => pids.map(isAlive), { timeout: 10_000 }).toEqual([false, false]);
    await expect.poll(() => readdirSync(folder), { timeout: 10_000 }).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  it.runIf(redisAvailable())('says why a server cannot start', async () => {
    await expect(startRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow(/redis-server ended/);
  });
});

describe('freePorts', () => {
  it('gives different ports', async () => {
    expect(new Set(await freePorts(5)).size).toBe(5);
  });
});

/** A process that ended and waits to be reaped (`Z`) does not live. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}

function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
      if (answer.split('\r\n').length > 4) socket.end();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}
