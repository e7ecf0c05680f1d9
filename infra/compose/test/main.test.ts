import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { freePort } from '@mcp-obo/testbed/ports';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../src/main.ts', import.meta.url));

async function compose(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [script, ...args], { env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, stdout, stderr };
}

describe('npm run compose', () => {
  it('explains itself', async () => {
    const { status, stdout, stderr } = await compose(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^npm run compose: .*Exit codes: /s);
  });

  it.each([
    [['--port', '80'], /^--port 80 cannot be used; give a number from 1024 to 65535\.\n$/],
    [['--ports', '4443'], /Unknown option '--ports'/],
    [['up'], /Unexpected argument 'up'/],
  ])('refuses %j with exit code 2', async (args, message) => {
    expect(await compose(args)).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(message),
    });
  });

  it('names a port in use before anything is built', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const ended = await compose(['--port', String(port), '--no-install']);
    server.close();
    expect(ended).toEqual({
      status: 1,
      stdout: '',
      stderr: `In use on 127.0.0.1: port ${port}. Stop what listens there, or take another with --port.\n`,
    });
  });

  it('says in one sentence that there is no engine', async () => {
    const DOCKER_HOST = 'unix:///nonexistent/docker.sock';
    const ended = await compose(['--port', String(await freePort()), '--no-install'], { DOCKER_HOST });
    expect(ended).toMatchObject({ status: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^No container engine answers.*\n$/);
  });

  // The base images come with the preparation of npm test; making them here would take minutes.
  const imagesThere = spawnSync('docker', ['image', 'inspect', 'node:24-bookworm-slim']).status === 0;

  it.skipIf(!imagesThere && process.env.CI !== 'true')(
    'ends at once by Ctrl-C while it builds, and leaves no container',
    async () => {
      const port = await freePort();
      const child = spawn(process.execPath, [script, '--port', String(port), '--no-install']);
      const ended = once(child, 'close');
      await new Promise<void>((resolve, reject) => {
        void ended.then(() => reject(new Error('It ended before it built anything.')));
        child.stderr.on('data', (chunk) => {
          if (String(chunk).includes('Building')) resolve();
        });
      });
      child.kill('SIGINT');
      expect(await ended).toEqual([0, null]);
      const filter = `label=com.docker.compose.project=mcp-obo-${port}`;
      expect(
        spawnSync('docker', ['ps', '--all', '--quiet', '--filter', filter], { encoding: 'utf8' }).stdout,
      ).toBe('');
    },
  );
});
