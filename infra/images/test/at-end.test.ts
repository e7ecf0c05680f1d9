import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-at-end-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process that wants a file to be made at its end, and does this afterwards. */
function asker(file: string, then: string) {
  const module = new URL('../src/at-end.ts', import.meta.url).href;
  const script = `
    const { atEnd } = await import(${JSON.stringify(module)});
    const { dismiss } = atEnd('touch', [${JSON.stringify(file)}]);
    process.stdout.write('asked');
    ${then}`;
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('what is asked for the end of a process', () => {
  it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('is done when it ends by %s', async (signal) => {
    const file = join(folder, signal);
    const asking = asker(file, 'setInterval(() => {}, 1000);');
    await once(asking.stdout, 'data');
    expect(existsSync(file)).toBe(false);
    asking.kill(signal);
    await expect.poll(() => existsSync(file), { timeout: 10_000 }).toBe(true);
  });

  it('is done when it ends by itself, which it is not kept from', async () => {
    const file = join(folder, 'itself');
    expect(await once(asker(file, ''), 'exit')).toEqual([0, null]);
    await expect.poll(() => existsSync(file), { timeout: 10_000 }).toBe(true);
  });

  it('is not done once it is dismissed', async () => {
    const file = join(folder, 'dismissed');
    const asking = asker(file, 'dismiss(); setTimeout(() => {}, 300);');
    expect(await once(asking, 'exit')).toEqual([0, null]);
    await sleep(500);
    expect(existsSync(file)).toBe(false);
  });
});
