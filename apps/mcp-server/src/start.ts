import { appendFile } from 'node:fs/promises';
import type { Server } from 'node:tls';
import { type AuditFile, createAuditLog, openAuditFile } from '@mcp-obo/audit';
import { redisOptions } from '@mcp-obo/exchange/redis';
import type { Service, ServiceContext } from '@mcp-obo/service';
import { followCertificates } from '@mcp-obo/service/tls';
import { createPlatformMetrics } from '@mcp-obo/telemetry';
import { Redis } from 'ioredis';
import { buildApp } from './app.ts';
import type { Config } from './config.ts';
import { openExchange } from './exchange.ts';
import { createLimits } from './limits.ts';
import type { OutgoingReport } from './tools/expenses-tools.ts';

/** Opens what the server needs, and listens. */
export async function start(config: Config, { log }: ServiceContext): Promise<Service> {
  const file = config.audit_file === undefined ? standardOutput : openAuditFile(config.audit_file);
  const { outbox_file: outboxFile } = config;
  const redis = config.redis_url === undefined ? undefined : new Redis(config.redis_url, { ...redisOptions });
  redis?.on('error', (err) => log.warn({ err }, 'redis failed; limits are counted by this process alone'));
  const app = await buildApp(config, {
    limiter: createLimits({
      toolCalls: config.rate_limit_rpm,
      resourceReads: 5 * config.rate_limit_rpm,
      redis,
    }),
    exchange: openExchange(config, { now: Date.now }),
    audit: createAuditLog({ write: file.write, now: Date.now, service: 'mcp-server' }),
    metrics: createPlatformMetrics(),
    fetch: globalThis.fetch,
    now: Date.now,
    log,
    ...(outboxFile === undefined ? {} : { outbox: (report: OutgoingReport) => deliver(outboxFile, report) }),
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
  return {
    url,
    close: async () => {
      unfollow?.();
      await app.close();
      redis?.disconnect();
      file.close();
    },
  };
}

const standardOutput: AuditFile = {
  write: (line) => void process.stdout.write(line),
  close: () => undefined,
};

/** One JSON line for each report; a mail gateway picks them up. */
async function deliver(file: string, report: OutgoingReport): Promise<void> {
  await appendFile(file, `${JSON.stringify(report)}\n`, { mode: 0o600 });
}
