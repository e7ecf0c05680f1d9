import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { launch } from '../src/launch/launch.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'launch-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const env = { PATH: process.env.PATH ?? '' };
const shell = (script: string, extra: Record<string, string> = {}) =>
  launch({
    name: 'The shell',
    command: 'sh',
    args: ['-c', script, dir],
    env: { ...env, ...extra },
    logFile: join(dir, 'log'),
  });

/** Living processes that were given the folder of this test. */
function processes(): readonly string[] {
  const { stdout } = spawnSync('ps', ['-eo', 'stat=,args='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => !line.startsWith('Z') && line.includes(dir));
}

describe('a launched command', () => {
  it('keeps its words, and tells how it ended', async () => {
    const { ended, complaints } = shell('echo hello; echo "2026-11-21 06:00:00,1 ERROR no disk" >&2; exit 3');
    expect(await ended).toBe('The shell ended with exit code 3.');
    expect(complaints()).toEqual(['ERROR no disk']);
    expect(readFileSync(join(dir, 'log'), 'utf8')).toContain('hello');
  });

  it('that does not exist is told', async () => {
    const { ended, complaints } = launch({
      name: 'It',
      command: 'no-such-command',
      args: [],
      env,
      logFile: join(dir, 'log'),
    });
    expect(await ended).toBe('It ended with exit code 127.');
    expect(complaints().join()).toContain('no-such-command cannot be started');
  });

  it('ends with what it started', async () => {
    const { stop, ended } = shell('sleep 1000 & sleep 1000; echo not reached');
    await expect.poll(processes).toHaveLength(2);
    await stop();
    expect(await ended).toMatch(/^The shell ended with exit code 143\.$/);
    expect(processes()).toEqual([]);
  });

  it('is killed at once when it must be', async () => {
    const { kill, ended } = shell('trap "" TERM; while true; do sleep 1; done');
    await expect.poll(processes).toHaveLength(2);
    kill();
    expect(await ended).toBe('The shell ended with SIGKILL.');
    await expect.poll(processes).toEqual([]);
  });

  it('ends, and takes the folder of the run with it, when its parent is killed', async () => {
    const runDir = join(dir, 'run');
    mkdirSync(runDir);
    const script = `
      const { launch } = await import(${JSON.stringify(new URL('../src/launch/launch.ts', import.meta.url).href)});
      launch({ name: 'x', command: 'sh', args: ['-c', 'echo up; sleep 1000', ${JSON.stringify(dir)}],
        env: { PATH: process.env.PATH, MCP_OBO_RUN_DIR: ${JSON.stringify(runDir)} }, logFile: ${JSON.stringify(join(dir, 'log'))} });
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    await expect
      .poll(() => existsSync(join(dir, 'log')) && readFileSync(join(dir, 'log'), 'utf8'), { timeout: 10_000 })
      .toContain('up');
    parent.kill('SIGKILL');
    await once(parent, 'close');
    await expect.poll(processes, { timeout: 5000 }).toEqual([]);
    expect(existsSync(runDir)).toBe(false);
  });
});
