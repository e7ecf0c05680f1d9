import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** Inside the package, so that the sample imports it by its public name. */
const folder = new URL('../.results/readme/', import.meta.url);
let app: FastifyInstance;

beforeAll(async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const sample = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  await mkdir(folder, { recursive: true });
  const file = new URL(`sample-${process.pid}.ts`, folder);
  await writeFile(file, `${sample}\nexport { app };\n`);
  app = ((await import(file.pathname)) as { app: FastifyInstance }).app;
});

afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

it('the sample of the README protects its route', async () => {
  const without = await app.inject('/mcp');
  expect(without.statusCode).toBe(401);
  expect(without.headers['www-authenticate']).toBe(
    'Bearer scope="mcp:tools", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp"',
  );
  const garbage = await app.inject({ url: '/mcp', headers: { authorization: 'Bearer garbage' } });
  expect(garbage.statusCode).toBe(401);
  expect(garbage.json()).toMatchObject({ error: 'invalid_token' });
});
