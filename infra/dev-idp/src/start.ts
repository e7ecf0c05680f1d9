import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '@mcp-obo/config';
import type { Service, ServiceContext } from '@mcp-obo/service';
import type { DevIdpConfig } from './config.ts';
import { startDevIdp } from './server.ts';

/** Starts the provider with the clock, randomness and network of the machine. */
export async function start(config: DevIdpConfig, { log }: ServiceContext): Promise<Service> {
  const { trusted_ca_file: caFile } = config;
  return startDevIdp(config, {
    log,
    now: Date.now,
    random: randomBytes,
    fetch: globalThis.fetch,
    ...(caFile === undefined ? {} : { trustedCa: readPem(caFile) }),
  });
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError([{ setting: 'trusted_ca_file', problem: `the file ${file} cannot be read` }]);
  }
}
