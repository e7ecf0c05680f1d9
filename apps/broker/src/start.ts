import { randomUUID } from 'node:crypto';
import { createAuditLog, gatherLines, openAuditFile } from '@mcp-obo/audit';
import { createGuardedFetch } from '@mcp-obo/metadata';
import type { Service, ServiceContext } from '@mcp-obo/service';
import { createPlatformMetrics } from '@mcp-obo/telemetry';
import { buildApp } from './app.ts';
import type { BrokerConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';
import { followChanges } from './follow-changes.ts';
import { openCache } from './open-cache.ts';

/** Opens what the broker needs, and listens. */
export async function start(config: BrokerConfig, { log, source }: ServiceContext): Promise<Service> {
  const { network, listen, audit_file: auditPath } = config;
  const file = gatherLines(auditPath === undefined ? standardOutput : openAuditFile(auditPath));
  const fetch = createGuardedFetch({
    allowLoopbackHttp: network.allow_loopback,
    allowPrivate: network.allow_private,
    timeoutMs: network.timeout_seconds * 1000,
    ...(network.ca !== undefined && { tls: { ca: network.ca } }),
  });
  const deps: BrokerDeps = {
    now: Date.now,
    random: randomUUID,
    fetch,
    log,
    metrics: createPlatformMetrics(),
    audit: createAuditLog({ ...file, now: Date.now, service: 'broker' }),
  };
  const cache = openCache(config, deps);
  await cache.check();
  const { app, reload } = await buildApp(config, deps, cache);
  const url = await app.listen({ host: listen.host, port: listen.port });
  const stop = followChanges(config, { source, reload, log });
  return {
    url,
    close: async () => {
      stop();
      await app.close();
      await cache.close();
      await fetch.close();
      file.close();
    },
  };
}

const standardOutput = {
  write: (line: string) => void process.stdout.write(line),
  close: () => undefined,
};
