import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { freePort } from '@mcp-obo/testbed/ports';
import { redisAvailable, startRedis } from '@mcp-obo/testbed/redis';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, describe, expect, it } from 'vitest';
import { writeExampleFiles } from './example-files.ts';
import { root } from './markdown.ts';

const files = await writeExampleFiles();
const withoutRedis = !redisAvailable() && process.env.CI !== 'true';
const redis = withoutRedis ? undefined : await startRedis();
afterAll(async () => {
  files.remove();
  await redis?.stop();
});

const named = (app: string) => files.names.filter((name) => basename(name, '.yaml') === app).sort();
const title = verifies('op:config', '%s starts its process, which answers /health and ends when told');

describe('the example files', () => {
  it.each(named('mcp-server'))(title, async (name) => {
    const port = await freePort();
    await startAndEnd(name, port, { MCP_HOST: '127.0.0.1', MCP_PORT: String(port) });
  });

  it.skipIf(withoutRedis).each(named('broker'))(title, async (name) => {
    const port = await freePort();
    const listen = { BROKER_HOST: '127.0.0.1', BROKER_PORT: String(port) };
    await startAndEnd(name, port, { ...listen, REDIS_URL: redis?.url ?? '' });
  });
});

/** The variables win over the file: they put the process on this machine. */
async function startAndEnd(name: string, port: number, env: Readonly<Record<string, string>>) {
  const part = startPart(basename(name, '.yaml'), files.pathOf(name), env);
  try {
    await part.listening;
    const health = await fetch(`http://127.0.0.1:${port}/health`);
    expect(health.status, await health.text()).toBe(200);
  } finally {
    part.child.kill('SIGTERM');
  }
  expect(await part.ended).toBe(0);
}

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
