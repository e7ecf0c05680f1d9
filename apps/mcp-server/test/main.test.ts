import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { freePort } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { describe, expect, it } from 'vitest';
import { minimal } from './fixture.ts';

const main = new URL('../src/main.ts', import.meta.url).pathname;

/** Runs the process until it ends, or until `until` shows in its output and a signal ended it. */
function run(
  args: readonly string[],
  env: Record<string, string>,
  until?: string,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env.PATH, ...env } });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk;
      if (until !== undefined && output.includes(until)) child.kill('SIGTERM');
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

  it('listens, and ends in order when told to', async () => {
    const { code, output } = await run([], { ...minimal, MCP_PORT: String(await freePort()) }, '"listening"');
    expect(code).toBe(0);
    expect(output).toContain('"closing"');
  });
});
