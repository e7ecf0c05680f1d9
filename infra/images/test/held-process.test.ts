import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-held-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const holder = fileURLToPath(new URL('holder.ts', import.meta.url));

async function hold(mode: string): Promise<{ parent: ChildProcess; pid: number; exited: Promise<unknown> }> {
  const file = join(folder, mode);
  const parent = spawn(process.execPath, [holder, file, mode], { stdio: ['pipe', 'inherit', 'inherit'] });
  const exited = once(parent, 'exit');
  const read = () => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
  await expect.poll(read, { timeout: 10_000 }).toBeGreaterThan(0);
  return { parent, pid: read(), exited };
}

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a held process', () => {
  it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('ends when its holder ends by %s', async (signal) => {
    const { parent, pid } = await hold('wait');
    expect(alive(pid)).toBe(true);
    parent.kill(signal);
    await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
    rmSync(join(folder, 'wait'));
  });

  it('lives until that is done which comes before its end', async () => {
    const { parent, pid } = await hold('wait');
    rmSync(join(folder, 'wait.before'), { force: true });
    parent.kill('SIGKILL');
    await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
    expect(existsSync(join(folder, 'wait.before'))).toBe(true);
    rmSync(join(folder, 'wait'));
  });

  it('ends when it is told to', async () => {
    const { parent, pid, exited } = await hold('stop');
    parent.stdin?.write('x');
    expect(await exited).toEqual([0, null]);
    expect(alive(pid)).toBe(false);
  });

  it('does not keep its holder alive', async () => {
    const { pid, exited } = await hold('neither');
    expect(await exited).toEqual([0, null]);
    await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
  });
});
