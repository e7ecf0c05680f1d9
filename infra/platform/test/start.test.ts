import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeBase } from './free-base.ts';
import { processesWith } from './processes.ts';

const script = fileURLToPath(new URL('../src/start.ts', import.meta.url));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'start-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** `npm start` with a folder for temporary files that is its own. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: dir },
  });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    output.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.err += chunk;
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  /** Resolves when this stands on standard output; rejects with what was said when the process ends first. */
  const printed = (text: string) =>
    Promise.race([
      expect.poll(() => output.out, { timeout: 45_000 }).toContain(text),
      ended.then((code) => Promise.reject(new Error(`ended with ${code}: ${output.err}`))),
    ]);
  return { child, output, ended, printed };
}

describe('npm start', { timeout: 60_000 }, () => {
  it('prints one line of JSON when everything is ready, and ends cleanly on Ctrl-C', async () => {
    const base = await freeBase();
    const { child, output, ended, printed } = start('--json', '--ports', String(base), '--cimd', 'off');
    await printed('\n');
    const [line, ...rest] = output.out.split('\n');
    expect(rest).toEqual(['']);
    const ready = JSON.parse(line ?? '');
    expect(Object.keys(ready)).toEqual([
      'ready',
      'mcp',
      'broker',
      'downstream',
      'issuer',
      'idp',
      'redis',
      'users',
      'clients',
    ]);
    expect(ready).toMatchObject({
      ready: true,
      mcp: `http://127.0.0.1:${base}/mcp`,
      broker: `http://127.0.0.1:${base + 1}`,
      downstream: `http://127.0.0.1:${base + 2}`,
      issuer: `http://127.0.0.1:${base + 3}/acme`,
      idp: expect.stringMatching(/^embedded \d/),
      redis: null,
      clients: [{ client_id: 'mcp-obo-dev', redirect_uris: expect.any(Array) }],
    });
    expect(ready.users).toContainEqual({
      username: 'alice',
      password: 'alice-password',
      roles: ['employee'],
      issuer: ready.issuer,
    });
    const discovery = await fetch(`${ready.issuer}/.well-known/openid-configuration`);
    expect(await discovery.json()).not.toHaveProperty('client_id_metadata_document_supported');
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(processesWith(dir)).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('leaves nothing behind when Ctrl-C comes while it starts', async () => {
    const { child, output, ended } = start('--ports', String(await freeBase()));
    await expect.poll(() => processesWith(dir).length, { timeout: 20_000 }).toBeGreaterThan(0);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(output.out).toBe('');
    expect(processesWith(dir)).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('ends its parts when it is killed', async () => {
    const { child, printed } = start('--json', '--ports', String(await freeBase()));
    await printed('"ready":true');
    child.kill('SIGKILL');
    await expect.poll(() => processesWith(dir), { timeout: 15_000 }).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });
});
