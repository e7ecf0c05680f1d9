import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@mcp-obo/testbed/ports';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PartOptions, startPart } from '../src/part.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'part-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const testFile = (name: string) => fileURLToPath(new URL(name, import.meta.url));

async function options(config: object = {}): Promise<PartOptions> {
  const port = await freePort();
  const configFile = join(dir, 'part.json');
  writeFileSync(configFile, JSON.stringify({ port, ...config }));
  return {
    name: 'broker',
    script: testFile('fake-part.mjs'),
    configFile,
    logFile: join(dir, 'broker.log'),
    healthUrl: `http://127.0.0.1:${port}/health`,
    env: { PATH: process.env.PATH ?? '' },
  };
}

/** A process that ended and waits to be reaped (`Z`) does not live. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return /^[^Z\s]/.test(stdout);
}

describe('startPart', () => {
  it('is ready when the process answers, keeps its log, and ends it when asked', async () => {
    const given = await options();
    const part = startPart(given);
    await part.ready();
    expect((await fetch(given.healthUrl)).status).toBe(200);
    await part.stop();
    await part.stop();
    expect(isAlive(part.pid)).toBe(false);
    expect(await part.ended).toBe('broker ended with SIGTERM.');
    expect(part.tail()).toEqual(['{"msg":"starting"}']);
    expect(readFileSync(given.logFile, 'utf8')).toBe('{"msg":"starting"}\n');
  });

  it('says how a process ended that never answered, and what it last said', async () => {
    const part = startPart(await options({ exitCode: 2 }));
    await expect(part.ready()).rejects.toThrow(
      /^broker ended with exit code 2\.\n(?:.*\n)*.*the setting x is wrong$/,
    );
  });

  it('gives up waiting when it is told to', async () => {
    const part = startPart({ ...(await options()), healthUrl: 'http://127.0.0.1:9/health' });
    await expect(part.ready(AbortSignal.timeout(100))).rejects.toThrow(/abort|timeout/i);
    await part.stop();
  });

  it('leaves no process behind when its parent is killed', async () => {
    const given = await options();
    const parent = spawn(process.execPath, [testFile('parent.mjs'), JSON.stringify(given)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    parent.stdout.on('data', (chunk) => {
      output += chunk;
    });
    await expect.poll(() => output, { timeout: 5000 }).toMatch(/pid \d+/);
    const pid = Number(/pid (\d+)/.exec(output)?.[1]);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  });
});
