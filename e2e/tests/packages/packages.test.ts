import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLoginBrowser } from '@mcp-obo/dev-idp/login';
import { type Platform, startPlatform } from '@mcp-obo/platform';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPerson } from '../../src/demo/person.ts';
import { connectV1, connectV2 } from './clients.ts';
import type { RunningServer } from './consumer.ts';
import { expectedFiles } from './contents.ts';
import { createStage, type Stage } from './stage.ts';
import { sourceExports } from './tarballs.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await createStage();
}, 240_000);
afterAll(async () => await stage?.close());

describe('the packed packages, installed in an empty folder', () => {
  it('run on the oldest Node.js they promise, without a TypeScript loader, and export what their sources do', async () => {
    const { consumer, packages } = stage;
    expect(consumer.nodeVersion).toMatch(/^v22\./);
    const exported = JSON.parse(await consumer.run('every-export.ts'));
    for (const { entries, folder } of packages)
      for (const entry of entries) expect(exported[entry], entry).toEqual(await sourceExports(folder, entry));
  });

  it('need no framework, SDK or driver for their neutral core', async () => {
    const { consumer, cores } = stage;
    const exported = JSON.parse(await consumer.run('every-core.ts', { imports: ['./no-peers.mjs'] }));
    expect(Object.keys(exported)).toEqual(cores.map(({ name }) => name));
    const bringing = stage.packages.filter((one) => !cores.includes(one)).map(({ name }) => name);
    expect(bringing).toEqual(['@mcp-obo/redis-connection']);
  });

  it('hold what their sources give, a README and nothing else', () => {
    for (const { name, folder } of stage.packages)
      expect(stage.contentsOf(name).files, name).toEqual(expectedFiles(folder));
  });

  it('declare the packages they import, and no others', () => {
    for (const { name } of stage.packages) {
      const { imported, declared } = stage.contentsOf(name);
      expect(declared, name).toEqual(imported);
    }
  });

  it('show samples that compile against their own declarations', () => {
    const { packages, samples } = stage;
    // The compilation is in the stage, with every file of every package checked; here: that there was something.
    const shown = new Set(samples.map(({ file }) => file.split('/')[0]));
    expect(packages.map(({ folder }) => folder.split('/').at(-1)).filter((name) => !shown.has(name))).toEqual(
      [],
    );
  });
});

describe('the samples of the other packages', () => {
  it('run as they stand, from the tarballs', async () => {
    const programs = stage.samples.filter(({ file }) => !/^(mcp|service)\//.test(file));
    const failures: string[] = [];
    for (const { file } of programs)
      await stage.consumer.run(file, { env: { OBO_CLIENT_SECRET: 'secret' } }).catch((error) => {
        failures.push(`${file}: ${error.killed ? 'does not end' : error.stderr}`);
      });
    expect(failures).toEqual([]);
  }, 60_000);

  it('start a process and end it on a signal', async () => {
    const url = `http://127.0.0.1:${stage.platformPorts.otlp}`;
    const HELLO_PORT = String(stage.platformPorts.otlp);
    const hello = await stage.consumer.serve('service/sample-1.ts', url, { HELLO_PORT });
    expect(await (await fetch(url)).text()).toBe('hello');
    expect(await hello.stop()).toBe(0);
  });
});

describe.each([
  { server: 'fastify', line: 'SDK 2.x on Fastify', newest: '2026-07-28' },
  { server: 'express', line: 'SDK 1.x on Express', newest: '2025-11-25' },
] as const)('the ten lines for $line, from the tarballs', ({ server, newest }) => {
  let running: RunningServer;
  beforeAll(async () => {
    running = await stage.consumer.serve(`mcp/${server}/server.ts`, stage.urlOf(server));
  }, 30_000);
  afterAll(() => running?.stop());

  const token = (claims: object = {}) =>
    stage.issuer.mint({ aud: stage.urlOf(server), scope: 'mcp:tools:execute hello', ...claims });

  it(verifies('rs:no-token', 'challenge a client without a token, and say where to log in'), async () => {
    const answer = await fetch(stage.urlOf(server), { method: 'POST' });
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    expect(challenge).toMatch(/^Bearer scope="mcp:tools:execute hello", resource_metadata="/);
    const metadata = await fetch(/resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '');
    expect(await metadata.json()).toMatchObject({
      resource: stage.urlOf(server),
      authorization_servers: [stage.issuer.issuer],
    });
  });

  it.each([
    { client: 'SDK 1.x', connect: connectV1, version: '2025-11-25' },
    { client: 'SDK 2.x', connect: connectV2, version: newest },
  ])(verifies('rs:both-eras', 'answer a client of $client with a token'), async ({ connect, version }) => {
    const client = await connect(stage.urlOf(server), await token({ sub: 'user-7' }));
    expect(client.protocolVersion).toBe(version);
    expect(await client.tools()).toEqual(['hello']);
    expect(await client.call('hello')).toBe('Hello user-7');
    await client.close();
  });

  it.each([
    ['for another server', { aud: 'https://other.example/mcp' }],
    ['of another issuer', { iss: 'https://idp.example' }],
    ['that has expired', { exp: 1, iat: 0 }],
  ])(verifies('rs:invalid-token', 'refuse a token %s'), async (_case, claims) => {
    await expect(connectV1(stage.urlOf(server), await token(claims))).rejects.toThrow();
    const headers = { authorization: `Bearer ${await token(claims)}` };
    const answer = await fetch(stage.urlOf(server), { method: 'POST', headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it(verifies('sc:challenge', 'refuse a token without the scope of the tool, and name it'), async () => {
    const answer = await fetch(stage.urlOf(server), {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await token({ scope: 'mcp:tools:execute' })}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'hello' } }),
    });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toContain('scope="mcp:tools:execute hello"');
  });
});

describe('calling an API on behalf of the user, from the tarballs', () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await startPlatform({ ports: stage.platformPorts });
    await stopPart(platform, 'mcp-server');
    writeFileSync(
      join(stage.consumer.folder, 'broker-client.pem'),
      platform.secrets.brokerClient.privateKeyPem,
    );
  }, 60_000);
  afterAll(() => platform?.stop());

  it.each([
    { way: 'in process', folder: 'local', exchangesAtBroker: 0 },
    { way: 'through the broker', folder: 'broker', exchangesAtBroker: 2 },
  ])(
    verifies('rs:no-passthrough', 'reaches the rows of the signed-in user $way'),
    async ({ folder, exchangesAtBroker }) => {
      const server = await stage.consumer.serve(`mcp/${folder}/server.ts`, platform.urls.mcp, {
        OBO_CLIENT_SECRET: platform.secrets.registration.acme,
        BROKER_CLIENT_KEY_FILE: 'broker-client.pem',
      });
      for (const [username, sdk] of [
        ['alice', 'v2'],
        ['bob', 'v1'],
      ] as const) {
        const person = await connectPerson({ ...login(platform, username), sdk });
        const { expenses, seen } = JSON.parse((await person.call('list_expenses')).text);
        expect(new Set(expenses.map(({ owner }: { owner: string }) => owner))).toEqual(new Set([username]));
        expect(seen).toMatchObject({
          user: username,
          actor: platform.urls.mcp,
          audience: ['api://expenses'],
        });
        await person.close();
      }
      await server.stop();
      expect(auditRecords(platform, 'exchange')).toBe(exchangesAtBroker);
    },
  );
});

/** A user's way to log in, knowing nothing but the URL of the server. */
function login({ urls, users }: Platform, username: string) {
  const password = users.find((user) => user.username === username)?.password ?? '';
  return {
    serverUrl: urls.mcp,
    issuer: urls.issuers.acme,
    username,
    password,
    browser: createLoginBrowser(),
  };
}

/** How many decisions of this type the broker has recorded. */
function auditRecords(platform: Platform, type: string): number {
  const lines = readFileSync(platform.auditFile('broker'), 'utf8').split('\n').filter(Boolean);
  return lines.filter((line) => JSON.parse(line).type === type).length;
}

/** Ends one process of the platform, so that another can stand in its place. */
async function stopPart(platform: Platform, part: 'mcp-server'): Promise<void> {
  process.kill(platform.pids[part], 'SIGTERM');
  await platform.failed;
}
