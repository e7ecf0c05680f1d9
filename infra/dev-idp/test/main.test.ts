import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@mcp-obo/testbed/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testConfig } from './idp.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dev-idp-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function run(config: unknown, env: Record<string, string> = {}) {
  const file = join(folder, `${Math.random()}.yaml`);
  await writeFile(file, JSON.stringify(config));
  const child = spawn(process.execPath, [main, '--config', file], { env: { ...process.env, ...env } });
  return { child, file, result: collect(child) };
}

function collect(child: ChildProcess) {
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  return new Promise<{ code: number | null; output: string; errors: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, output, errors }));
  });
}

describe('the process', () => {
  it('does not start in production', async () => {
    const { result } = await run(testConfig(), { NODE_ENV: 'production' });
    const { code, errors, output } = await result;
    expect(code).toBe(2);
    expect(errors).toContain('NODE_ENV: is production; this identity provider is for development');
    expect(output).toBe('');
  });

  it('names every bad setting and exits with 2', async () => {
    const { result } = await run({
      ...testConfig(),
      listen: { host: '0.0.0.0', port: 70_000 },
      color: 'red',
    });
    const { code, errors } = await result;
    expect(code).toBe(2);
    expect(errors).toContain('The configuration cannot be used:');
    expect(errors).toContain('listen.host (DEV_IDP_HOST): must be 127.0.0.1, ::1 or localhost');
    expect(errors).toContain('listen.port (DEV_IDP_PORT): must be a port');
    expect(errors).toContain('color');
  });

  it('says in a sentence that the port is in use, and exits with 1', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { code, errors } = await (await run({ ...testConfig(), listen: { port } })).result;
    other.close();
    expect(code).toBe(1);
    expect(errors).toMatch(new RegExp(`^dev-idp cannot start: Port ${port} on 127.0.0.1 is in use`));
    expect(errors.trim().split('\n')).toHaveLength(1);
  });

  it('answers also those who ask while it still makes its keys', async () => {
    const port = await freePort();
    const { child, result } = await run({ ...testConfig(), listen: { port }, modulus_length: 4096 });
    const ask = (): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(20_000) }).catch((error) =>
        error.cause?.code === 'ECONNREFUSED' ? ask() : Promise.reject(error),
      );
    expect((await ask()).status).toBe(200);
    child.kill('SIGTERM');
    expect((await result).code).toBe(0);
  });

  it('logs JSON lines only, says where it listens, and exits with 0 on SIGTERM', async () => {
    const port = await freePort();
    const { child, result } = await run({ ...testConfig(), listen: { port } });
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk) => String(chunk).includes('listening') && resolve());
    });
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    child.kill('SIGTERM');
    const { code, output, errors } = await result;
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    const lines = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ msg: 'listening', url: `http://127.0.0.1:${port}`, name: 'dev-idp' });
  });
});
