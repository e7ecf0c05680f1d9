import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ports } from '@mcp-obo/platform';
import { createTestIssuer, type TestIssuer } from '@mcp-obo/testbed/issuer';
import { freePorts } from '@mcp-obo/testbed/ports';
import { type Consumer, createConsumer } from './consumer.ts';
import { type Contents, readContents } from './contents.ts';
import { everyExport, noPeers } from './probes.ts';
import { type Sample, samplesOf, withAddresses } from './samples.ts';
import { type PackedPackage, packPackages } from './tarballs.ts';

/** The packed packages in a consumer's hands, and the parties its servers speak to. */
export interface Stage {
  readonly packages: readonly PackedPackage[];
  /** Those that leave frameworks and drivers to their users. */
  readonly cores: readonly PackedPackage[];
  readonly samples: readonly Sample[];
  readonly consumer: Consumer;
  /** The issuer of the servers that call nobody. */
  readonly issuer: TestIssuer;
  /** Where the platform is for the servers that call an API; they stand where its MCP server would. */
  readonly platformPorts: Ports;
  readonly urlOf: (server: 'fastify' | 'express') => string;
  /** What npm has put into the consumer's folder of a package. */
  readonly contentsOf: (name: string) => Contents;
  readonly close: () => Promise<void>;
}

/** Packs, installs and compiles everything once. Leaves nothing behind when it fails. */
export async function createStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-obo-packages-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    return await setStage(folder, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

async function setStage(folder: string, remove: () => void): Promise<Stage> {
  const [issuerPort = 0, fastify = 0, express = 0, mcp = 0, broker = 0, api = 0, idp = 0, otlp = 0] =
    await freePorts(8);
  const at = (port: number) => `http://127.0.0.1:${port}`;
  const issuer = createTestIssuer({ issuer: at(issuerPort) });
  const addresses = {
    ...sampleAddresses(['mcp/fastify/'], { issuer: issuer.issuer, port: fastify }),
    ...sampleAddresses(['mcp/express/'], { issuer: issuer.issuer, port: express }),
    ...sampleAddresses(['mcp/local/', 'mcp/broker/'], {
      issuer: `${at(idp)}/acme`,
      port: mcp,
      broker: at(broker),
      api: at(api),
    }),
  };

  const packages = await packPackages(join(folder, 'packed'));
  const samples = packages.flatMap(samplesOf);
  const consumer = await createConsumer(join(folder, 'consumer'), packages);
  consumer.write('src/every-export.ts', everyExport(packages.flatMap(({ entries }) => entries)));
  const peers = packages.flatMap((one) => Object.keys(one.peers));
  const cores = packages.filter(({ dependencies }) => !dependencies.some((name) => peers.includes(name)));
  consumer.write('src/every-core.ts', everyExport(cores.map(({ name }) => name)));
  consumer.write('no-peers.mjs', noPeers(peers));
  for (const { file, code } of samples) {
    const own = Object.entries(addresses).find(([place]) => file.startsWith(place))?.[1] ?? {};
    consumer.write(`src/${file}`, withAddresses(code, own));
  }
  await consumer.compile();
  const served = await issuer.serve();

  return {
    packages,
    cores,
    samples,
    consumer,
    issuer,
    platformPorts: { 'mcp-server': mcp, broker, 'downstream-api': api, 'dev-idp': idp, otlp },
    urlOf: (server) => `${at(server === 'fastify' ? fastify : express)}/mcp`,
    contentsOf: (name) => readContents(join(consumer.folder, 'node_modules', name)),
    close: async () => {
      await served.close();
      remove();
    },
  };
}

/** What stands in the documentation, and what takes its place in the samples of these folders. */
function sampleAddresses(
  folders: readonly string[],
  given: { issuer: string; port: number; broker?: string; api?: string },
): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const replacements = {
    'https://mcp.example/mcp': `http://127.0.0.1:${given.port}/mcp`,
    'https://idp.example': given.issuer,
    'https://broker.example': given.broker ?? 'https://broker.example',
    'https://api.example': given.api ?? 'https://api.example',
    '3000': String(given.port),
  };
  return Object.fromEntries(folders.map((folder) => [folder, replacements]));
}
