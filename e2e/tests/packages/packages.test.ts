import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestIssuer, type ServedIssuer, type TestIssuer } from '@mcp-obo/testbed/issuer';
import { freePorts } from '@mcp-obo/testbed/ports';
import { verifies } from '@mcp-obo/testbed/verifies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectV1, connectV2 } from './clients.ts';
import { type Consumer, createConsumer, type RunningServer } from './consumer.ts';
import { everyExport, noPeers } from './probes.ts';
import { type Sample, samplesOf, withAddresses } from './samples.ts';
import { type PackedPackage, packPackages, sourceExports } from './tarballs.ts';

const packing = mkdtempSync(join(tmpdir(), 'mcp-obo-packed-'));
let packages: readonly PackedPackage[];
let samples: readonly Sample[];
let consumer: Consumer;
let issuer: TestIssuer;
let served: ServedIssuer;
const ports = { fastify: 0, express: 0 };
const urlOf = (server: keyof typeof ports) => `http://127.0.0.1:${ports[server]}/mcp`;

beforeAll(async () => {
  const [issuerPort = 0, ...serverPorts] = await freePorts(3);
  [ports.fastify = 0, ports.express = 0] = serverPorts;
  issuer = createTestIssuer({ issuer: `http://127.0.0.1:${issuerPort}` });
  served = await issuer.serve();
  packages = await packPackages(packing);
  samples = packages.flatMap(samplesOf);
  consumer = await createConsumer(packages);
  consumer.write('src/every-export.ts', everyExport(packages.flatMap(({ entries }) => entries)));
  consumer.write('src/every-core.ts', everyExport(packages.map(({ name }) => name)));
  consumer.write('no-peers.mjs', noPeers(packages.flatMap(({ peers }) => Object.keys(peers))));
  for (const { file, code } of samples)
    consumer.write(`src/${file}`, withAddresses(code, addressesFor(file)));
  await consumer.compile();
}, 240_000);

afterAll(async () => {
  consumer?.remove();
  await served?.close();
  rmSync(packing, { recursive: true, force: true });
});

/** Servers that are called get the addresses of this test; the others are read and compiled as they stand. */
function addressesFor(file: string): Readonly<Record<string, string>> {
  const server = (['fastify', 'express'] as const).find((name) => file === `mcp/${name}/server.ts`);
  if (server === undefined) return {};
  return {
    'https://mcp.example/mcp': urlOf(server),
    'https://idp.example': issuer.issuer,
    '3000': String(ports[server]),
  };
}

describe('the packed packages, installed in an empty folder', () => {
  it('run on the oldest Node.js they promise, without a TypeScript loader, and export what their sources do', async () => {
    expect(consumer.nodeVersion).toMatch(/^v22\./);
    const exported = JSON.parse(await consumer.run('every-export.ts'));
    for (const { entries, folder } of packages)
      for (const entry of entries) expect(exported[entry], entry).toEqual(await sourceExports(folder, entry));
  });

  it('need no framework, SDK or driver for their neutral core', async () => {
    const exported = JSON.parse(await consumer.run('every-core.ts', { imports: ['./no-peers.mjs'] }));
    expect(Object.keys(exported)).toHaveLength(packages.length);
  });

  it('show samples that compile against their own declarations', () => {
    // The compilation is in beforeAll, with every file of every package checked; here: that there was something.
    const shown = new Set(samples.map(({ file }) => file.split('/')[0]));
    expect(packages.map(({ folder }) => folder.split('/').at(-1)).filter((name) => !shown.has(name))).toEqual(
      [],
    );
  });
});

describe.each([
  { server: 'fastify', line: 'SDK 2.x on Fastify', newest: '2026-07-28' },
  { server: 'express', line: 'SDK 1.x on Express', newest: '2025-11-25' },
] as const)('the ten lines for $line, from the tarballs', ({ server, newest }) => {
  let running: RunningServer;
  beforeAll(async () => {
    running = await consumer.serve(`mcp/${server}/server.ts`, urlOf(server));
  }, 30_000);
  afterAll(() => running?.stop());

  const token = (claims: object = {}) =>
    issuer.mint({ aud: urlOf(server), scope: 'mcp:tools:execute hello', ...claims });

  it(verifies('rs:no-token', 'challenge a client without a token, and say where to log in'), async () => {
    const answer = await fetch(urlOf(server), { method: 'POST' });
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    expect(challenge).toMatch(/^Bearer scope="mcp:tools:execute hello", resource_metadata="/);
    const metadata = await fetch(/resource_metadata="([^"]+)"/.exec(challenge)?.[1] ?? '');
    expect(await metadata.json()).toMatchObject({
      resource: urlOf(server),
      authorization_servers: [issuer.issuer],
    });
  });

  it.each([
    { client: 'SDK 1.x', connect: connectV1, version: '2025-11-25' },
    { client: 'SDK 2.x', connect: connectV2, version: newest },
  ])(verifies('rs:both-eras', 'answer a client of $client with a token'), async ({ connect, version }) => {
    const client = await connect(urlOf(server), await token({ sub: 'user-7' }));
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
    await expect(connectV1(urlOf(server), await token(claims))).rejects.toThrow();
    const headers = { authorization: `Bearer ${await token(claims)}` };
    const answer = await fetch(urlOf(server), { method: 'POST', headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it(verifies('sc:challenge', 'refuse a token without the scope of the tool, and name it'), async () => {
    const answer = await fetch(urlOf(server), {
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
