import { randomUUID } from 'node:crypto';
import type { Server } from 'node:tls';
import { type AuditFile, createAuditLog, openAuditFile } from '@mcp-obo/audit';
import { createGuardedFetch, isLoopbackHost } from '@mcp-obo/metadata';
import type { Service, ServiceContext } from '@mcp-obo/service';
import { followRedis } from '@mcp-obo/service/redis';
import { followRevocations } from '@mcp-obo/service/revocations';
import { authoritiesFrom, followCertificates } from '@mcp-obo/service/tls';
import { createPlatformMetrics } from '@mcp-obo/telemetry';
import { buildApp } from './app.ts';
import { openArchive } from './archive/open-archive.ts';
import { type Config, readConfig } from './config.ts';
import { readPeople } from './people.ts';
import { openDatabase } from './store/database.ts';
import { seedExpenses } from './store/example-expenses.ts';
import { replacePeople } from './store/people-store.ts';

/** Opens database, audit and network, and listens. */
export async function start(config: Config, { log, source }: ServiceContext): Promise<Service> {
  const tenants = new Map(
    config.issuers.flatMap(({ issuer, tenant, vouches_for }) =>
      [issuer, ...vouches_for].map((name) => [name, tenant]),
    ),
  );
  const people = readPeople(config.people_file, (issuer) => tenants.get(issuer));
  const database = openDatabase(config.database_file ?? ':memory:');
  replacePeople(database, people);
  if (config.seed_expenses) seedExpenses(database);
  const auditFile = openAudit(config.audit_file);
  const fetch = createGuardedFetch({
    allowLoopbackHttp: [...config.issuers.map(({ issuer }) => issuer), config.archive?.url].some(
      (url) => url !== undefined && isLoopbackHost(new URL(url).hostname),
    ),
    allowPrivate: config.allow_private,
    ...(config.issuer_ca !== undefined && { tls: { ca: authoritiesFrom(config.issuer_ca, 'issuer_ca') } }),
  });
  const second =
    config.archive === undefined ? undefined : openArchive(config.archive, { fetch, now: Date.now });
  const metrics = createPlatformMetrics();
  const revocations = config.revocations && (await followRevocations(config.revocations, { log, metrics }));
  const app = await buildApp(config, {
    ...(revocations !== undefined && { revocations: revocations.view }),
    ...(second === undefined ? {} : { archive: second.archive }),
    database,
    fetch,
    log,
    now: Date.now,
    newId: () => `exp-${randomUUID()}`,
    audit: createAuditLog({ write: auditFile.write, now: Date.now, service: 'downstream-api' }),
    metrics,
  });
  const { host, port, tls } = config.listen;
  const url = await app.listen({ host, port });
  const unfollow =
    tls === undefined
      ? undefined
      : followCertificates(app.server as unknown as Server, tls, {
          onReload: () => log.info('certificate reloaded'),
          onFault: (err) => log.error({ err }, 'the new certificate cannot be used; the old one stays'),
        });
  const unfollowRedis = followRedis<Config>({
    read: () => readConfig(source),
    connections: [{ settings: (one) => one.revocations, renew: revocations?.renew }],
    onReload: () => log.info('new access to redis in use'),
    onFault: (err) => log.error({ err }, 'the new access to redis cannot be used; the old one stays'),
  });
  return {
    url,
    close: async () => {
      unfollow?.();
      unfollowRedis();
      await app.close();
      await second?.close();
      await revocations?.close();
      await fetch.close();
      auditFile.close();
      database.close();
    },
  };
}

function openAudit(path: string | undefined): AuditFile {
  if (path !== undefined) return openAuditFile(path);
  return { write: (line) => void process.stdout.write(line), close: () => {} };
}
