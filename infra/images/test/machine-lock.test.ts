import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { withMachineLock } from '../src/machine-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('a lock of another process is waited for, and ends with that process, also by kill -9', async () => {
  const file = join(folder, 'images.lock');
  const module = new URL('../src/machine-lock.ts', import.meta.url).href;
  const script = `
    const { withMachineLock } = await import(${JSON.stringify(module)});
    await withMachineLock(${JSON.stringify(file)}, () => {
      process.stdout.write('held');
      return new Promise(() => setInterval(() => {}, 1000));
    });`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    expect(String((await once(holder.stdout, 'data'))[0])).toBe('held');
    const { promise: waiting, resolve: onWait } = Promise.withResolvers<void>();
    const work = withMachineLock(file, async () => holder.killed, { onWait });
    await waiting;
    holder.kill('SIGKILL');
    expect(await work).toBe(true);
  } finally {
    holder.kill('SIGKILL');
  }
});
