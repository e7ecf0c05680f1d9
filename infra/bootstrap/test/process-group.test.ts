import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

const module = pathToFileURL(fileURLToPath(new URL('../src/process-group.mjs', import.meta.url))).href;

/** How long a busy machine may take. */
const patience = { timeout: 10_000 };

/** A process that runs `sh -c script` as a group and prints the exit code of the group. */
function runner(script: string) {
  const code = `
    import { runGroup } from ${JSON.stringify(module)};
    const code = await runGroup('sh', ['-c', ${JSON.stringify(script)}],
      { cwd: '.', env: process.env, stdio: ['ignore', 'inherit', 'inherit'], grace: 300 });
    console.log('code ' + code);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return {
    child,
    output: () => output,
    end: async () => {
      const [exitCode] = await once(child, 'close');
      return { exitCode, output };
    },
  };
}

/** A process that ended and waits to be reaped (`Z`) does not live. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}

async function startedPid(output: () => string): Promise<number> {
  await expect.poll(output, patience).toMatch(/pid \d+/);
  return Number(/pid (\d+)/.exec(output())?.[1]);
}

describe('runGroup', { timeout: 30_000 }, () => {
  it('gives the exit code on', async () => {
    expect((await runner('exit 7').end()).output).toBe('code 7\n');
  });

  it('takes what the leader left behind with it', async () => {
    const { output } = await runner('sleep 60 & echo pid $!; exit 0').end();
    const pid = Number(/pid (\d+)/.exec(output)?.[1]);
    await expect.poll(() => isAlive(pid), patience).toBe(false);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('ends the whole group on %s and says so by exit code %i', async (signal, expected) => {
    const group = runner('sleep 60 & echo pid $!; wait');
    const pid = await startedPid(group.output);
    group.child.kill(signal);
    expect((await group.end()).exitCode).toBe(expected);
    await expect.poll(() => isAlive(pid), patience).toBe(false);
  });

  it('ends tasks in groups of their own too', async () => {
    // `set -m` gives each task a group, as turbo and pnpm do; the task does not hear of Ctrl-C.
    const group = runner(`exec bash -c 'set -m; sleep 60 & echo pid $!; wait'`);
    const pid = await startedPid(group.output);
    group.child.kill('SIGINT');
    expect((await group.end()).exitCode).toBe(130);
    await expect.poll(() => isAlive(pid), patience).toBe(false);
  });

  it('kills a group that does not listen', async () => {
    const group = runner('trap "" INT TERM; sleep 60 & echo pid $!; while :; do wait; done');
    const pid = await startedPid(group.output);
    group.child.kill('SIGINT');
    expect((await group.end()).exitCode).toBe(130);
    await expect.poll(() => isAlive(pid), patience).toBe(false);
  });
});
