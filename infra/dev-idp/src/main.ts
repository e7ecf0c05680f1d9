import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createLogger } from '@mcp-obo/telemetry';
import closeWithGrace from 'close-with-grace';
import { ConfigError, loadConfig } from './config.ts';
import { startDevIdp } from './server.ts';

const usage = 'Usage: node src/main.ts --config FILE.yaml';

try {
  await main();
} catch (error) {
  process.exitCode = explain(error);
}

async function main(): Promise<void> {
  if (process.env.NODE_ENV === 'production')
    throw new ConfigError(
      'This identity provider is for development: it does not start with NODE_ENV=production.',
    );
  const config = loadConfig(configFile());
  const log = createLogger({ name: 'dev-idp', level: config.logLevel });
  const idp = await startDevIdp(config, {
    log,
    now: Date.now,
    random: randomBytes,
    fetch,
    ...(config.trustedCaFile === undefined ? {} : { trustedCa: readPem(config.trustedCaFile) }),
  });
  closeWithGrace({ delay: 5000, logger: false }, async ({ err }) => {
    if (err !== undefined) log.error({ err }, 'crashed');
    await idp.close();
  });
  log.info({ url: idp.url, issuers: idp.issuers }, 'listening');
}

function configFile(): string {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' } } });
    if (values.config !== undefined) return values.config;
  } catch {
    // Falls through to the usage.
  }
  throw new ConfigError(usage);
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ConfigError(
      `trustedCaFile: ${file} cannot be read. Name a PEM file, or leave the setting out.`,
    );
  }
}

/** One message for the person who started this; the exit code says whose fault it was. */
function explain(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message =
    code === 'EADDRINUSE' && error instanceof Error
      ? `The port is in use (${error.message}). Stop what uses it or configure another \`port\`.`
      : error instanceof Error
        ? error.message
        : String(error);
  process.stderr.write(`${message}\n`);
  return error instanceof ConfigError ? 2 : 1;
}
