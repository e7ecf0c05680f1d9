import { appendFile } from 'node:fs/promises';
import type { Server } from 'node:tls';
import { type AuditFile, createAuditLog, openAuditFile } from '@mcp-obo/audit';
import { hasRedis } from '@mcp-obo/redis-connection';
import { openRedis } from '@mcp-obo/redis-connection/open';
import { type Service, type ServiceContext, StartupError } from '@mcp-obo/service';
import { followRedis } from '@mcp-obo/service/redis';
import { followRevocations } from '@mcp-obo/service/revocations';
import { followCertificates } from '@mcp-obo/service/tls';
import { createPlatformMetrics } from '@mcp-obo/telemetry';
import { buildApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { openExchange } from './exchange.ts';
import { followExchange } from './follow-exchange.ts';
import { createLimits } from './limits.ts';
import { createRedisInteractionStore } from './redis-interaction-store.ts';
import type { OutgoingReport } from './tools/expenses-tools.ts';

/** Opens what the server needs, and listens. */
export async function start(config: Config, { log, source }: ServiceContext): Promise<Service> {
  const file = config.audit_file === undefined ? standardOutput : openAuditFile(config.audit_file);
  const outbox = config.outbox_file === undefined ? undefined : await openOutbox(config.outbox_file);
  const lost = (err: unknown) => log.warn({ err }, 'redis failed; limits are counted by this process alone');
  const limits = hasRedis(config.redis) ? openRedis(config.redis, lost) : undefined;
  const redis = limits?.redis;
  const metrics = createPlatformMetrics();
  const revocations = config.revocations && (await followRevocations(config.revocations, { log, metrics }));
  const app = await buildApp(config, {
    ...(revocations !== undefined && { revocations: revocations.view }),
    ...(redis !== undefined && {
      interactionStore: createRedisInteractionStore({ redis, prefix: 'mcp-obo:interaction:' }),
    }),
    limiter: createLimits({
      toolCalls: config.rate_limit_rpm,
      resourceReads: 5 * config.rate_limit_rpm,
      redis,
    }),
    exchange: followExchange(config.exchange, {
      open: () => openExchange(config, { now: Date.now }),
      onReload: () => log.info('new secret of the exchange in use'),
      onFault: (err) =>
        log.error({ err }, 'the new secret of the exchange cannot be used; the old one stays'),
    }),
    audit: createAuditLog({ write: file.write, now: Date.now, service: 'mcp-server' }),
    metrics,
    fetch: globalThis.fetch,
    now: Date.now,
    log,
    ...(outbox === undefined ? {} : { outbox }),
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
    connections: [
      { settings: ({ redis: limited }) => limited, renew: limits?.renew },
      { settings: (one) => one.revocations, renew: revocations?.renew },
    ],
    onReload: () => log.info('new access to redis in use'),
    onFault: (err) => log.error({ err }, 'the new access to redis cannot be used; the old one stays'),
  });
  return {
    url,
    close: async () => {
      unfollow?.();
      unfollowRedis();
      await app.close();
      await revocations?.close();
      redis?.disconnect();
      file.close();
    },
  };
}

const standardOutput: AuditFile = {
  write: (line) => void process.stdout.write(line),
  close: () => undefined,
};

/** One JSON line for each report; a mail gateway picks them up. That it can be written is known from the start. */
async function openOutbox(file: string): Promise<(report: OutgoingReport) => Promise<void>> {
  const append = (text: string) => appendFile(file, text, { mode: 0o600 });
  await append('').catch((cause: unknown) => {
    throw new StartupError(`The outbox file ${file} cannot be opened for writing.`, { cause });
  });
  return (report) => append(`${JSON.stringify(report)}\n`);
}
