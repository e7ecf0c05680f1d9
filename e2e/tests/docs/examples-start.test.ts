import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { freePort } from '@mcp-obo/testbed/ports';
import { startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { writeExampleFiles } from './example-files.ts';
import { root } from './markdown.ts';

const files = await writeExampleFiles();
const redis = await startRedis();
afterAll(async () => {
  files.remove();
  await redis.stop();
});

/** What a test changes by variables, which win over the file: addresses on this machine. */
const variables: Readonly<Record<string, (port: number) => Readonly<Record<string, string>>>> = {
  broker: (port) => ({ BROKER_HOST: '127.0.0.1', BROKER_PORT: String(port), REDIS_URL: redis.url }),
  'mcp-server': (port) => ({ MCP_HOST: '127.0.0.1', MCP_PORT: String(port) }),
};

describe('the example files', () => {
  it.each([...files.names].sort())(
    verifies('op:config', '%s starts its process, which answers /health and ends when told'),
    async (name) => {
      const app = basename(name, '.yaml');
      const port = await freePort();
      const part = startPart(app, files.pathOf(name), variables[app]?.(port) ?? {});
      try {
        await part.listening;
        const health = await fetch(`http://127.0.0.1:${port}/health`);
        expect(health.status, await health.text()).toBe(200);
      } finally {
        part.child.kill('SIGTERM');
      }
      expect(await part.ended).toBe(0);
    },
  );
});

function startPart(app: string, file: string, env: Readonly<Record<string, string>>) {
  const script = join(root, 'apps', app, 'src/main.ts');
  const child = spawn(process.execPath, [script, '--config', file], { env });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const listening = new Promise<void>((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('"msg":"listening"')) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    void ended.then((code) => reject(new Error(`ended with ${code} before it listened: ${said}`)));
  });
  return { child, listening, ended };
}
