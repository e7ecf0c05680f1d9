import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { minimal } from './fixture.ts';

const main = new URL('../src/main.ts', import.meta.url).pathname;

/** Runs the process until it ends, or until `until` shows in its output and, some time later, a signal ended it. */
function run(
  args: readonly string[],
  env: Record<string, string>,
  until?: string,
  graceMs = 0,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env.PATH, ...env } });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk;
      if (until !== undefined && output.includes(until)) setTimeout(() => child.kill('SIGTERM'), graceMs);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('close', (code) => resolve({ code, output }));
  });
}

describe('the process', () => {
  it('explains itself', async () => {
    const { code, output } = await run(['--help'], {});
    expect(code).toBe(0);
    expect(output).toContain('OAUTH_ISSUER');
  });

  it(
    verifies('op:config', 'does not start with a wrong configuration, and says in one message what to mend'),
    async () => {
      const { code, output } = await run([], { MCP_RESOURCE: 'nonsense' });
      expect(code).toBe(2);
      expect(output).toContain('resource (MCP_RESOURCE): must be an https URL');
      expect(output).not.toContain('    at ');
    },
  );

  it('does not know other arguments', async () => {
    expect((await run(['--prot', '1'], minimal)).code).toBe(2);
  });

  it('says in a sentence that its port is in use', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    const { code, output } = await run([], { ...minimal, MCP_PORT: String(port) });
    other.close();
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} on 127.0.0.1 is in use.`);
    expect(output).not.toContain('    at ');
  });

  it('says in a sentence that reports could not be put anywhere', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-server-'));
    writeFileSync(join(folder, 'x.yaml'), 'outbox_file: /nowhere/outbox');
    const { code, output } = await run(['--config', join(folder, 'x.yaml')], minimal);
    rmSync(folder, { recursive: true });
    expect(code).toBe(1);
    expect(output).toBe(
      'mcp-server cannot start: The outbox file /nowhere/outbox cannot be opened for writing.\n',
    );
  });

  it('says once that Redis cannot be reached, and goes on', async () => {
    const redisUrl = `redis://127.0.0.1:${await freePort()}`;
    const env = { ...minimal, MCP_PORT: String(await freePort()), REDIS_URL: redisUrl };
    const { output } = await run([], env, '"listening"', 1000);
    expect(output.match(/limits are counted by this process alone/g)).toHaveLength(1);
  });

  it('listens, and ends in order when told to', async () => {
    const { code, output } = await run([], { ...minimal, MCP_PORT: String(await freePort()) }, '"listening"');
    expect(code).toBe(0);
    expect(output).toContain('"closing"');
  });
});
