import { randomUUID } from 'node:crypto';
import { secretTextSetting } from '@mcp-obo/config';
import { checkRedis, hasRedis, type RedisSettings, redisMembers } from '@mcp-obo/redis-connection';
import { openRedis } from '@mcp-obo/redis-connection/open';
import type { RevocationView } from '@mcp-obo/revocation';
import { createRedisRevocations } from '@mcp-obo/revocation/redis';
import type { createLogger, PlatformMetrics } from '@mcp-obo/telemetry';
import { z } from 'zod';

/** The Redis over which a broker tells what is revoked. */
export const revocationsSetting = z
  .strictObject({
    ...redisMembers(secretTextSetting),
    /** `cache.prefix` of the broker. */
    prefix: z.string().min(1).default('mcp-obo:'),
  })
  .superRefine(checkRedis)
  .refine(hasRedis, 'needs the Redis of the broker: url, sentinel or cluster');

/** Variables for it, where the section is named `revocations`. */
export const revocationsEnvironment = {
  REVOCATIONS_REDIS_URL: 'revocations.url',
  REVOCATIONS_REDIS_USERNAME: 'revocations.username',
  REVOCATIONS_REDIS_PASSWORD: 'revocations.password.value',
  REVOCATIONS_REDIS_PASSWORD_FILE: 'revocations.password.file',
  REVOCATIONS_REDIS_CA_FILE: 'revocations.tls.ca.file',
} as const;

export interface RevocationsDependencies {
  readonly log: Pick<ReturnType<typeof createLogger>, 'warn'>;
  readonly metrics: Pick<PlatformMetrics, 'revocationViewAge'>;
}

/** What is revoked, followed while the process runs. */
export interface FollowedRevocations {
  readonly view: RevocationView;
  /** Takes changed passwords and certificates for what is connected from now on. */
  readonly renew: (settings: RedisSettings) => void;
  readonly close: () => Promise<void>;
}

/** How long a start waits for a fresh view, milliseconds; without one the process serves what that allows. */
const patience = 5000;

/** Follows what a broker tells; resolves when the view is fresh, or after five seconds. */
export async function followRevocations(
  settings: z.output<typeof revocationsSetting>,
  { log, metrics }: RevocationsDependencies,
): Promise<FollowedRevocations> {
  const failed = (err: unknown) => log.warn({ err }, 'revocations may be missing');
  const { redis, renew } = openRedis(settings, failed);
  const list = createRedisRevocations({
    redis,
    prefix: settings.prefix,
    now: Date.now,
    random: randomUUID,
    onError: failed,
    onLook: (age) => metrics.revocationViewAge(age / 1000),
  });
  await list.ready(patience);
  return {
    view: list,
    renew,
    async close() {
      await list.close();
      redis.disconnect();
    },
  };
}
