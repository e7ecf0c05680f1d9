import {
  createMemoryObtained,
  createMemoryRevocations,
  type ObtainedTokens,
  type RevocationList,
} from '@mcp-obo/revocation';
import { createRedisObtained, createRedisRevocations } from '@mcp-obo/revocation/redis';
import type { Cluster, Redis } from 'ioredis';
import type { BrokerDeps } from '../deps.ts';

/** What is revoked, and what ends with it. */
export interface BrokerRevocations {
  readonly list: RevocationList;
  readonly obtained: ObtainedTokens;
}

/** Shared through Redis where there is one; else known to this process alone. */
export function openRevocations(
  shared: { readonly redis: Redis | Cluster; readonly prefix: string } | undefined,
  { now, random, log, metrics }: Pick<BrokerDeps, 'now' | 'random' | 'log' | 'metrics'>,
): BrokerRevocations {
  if (shared === undefined)
    return { list: createMemoryRevocations({ now }), obtained: createMemoryObtained({ now }) };
  return {
    list: createRedisRevocations({
      ...shared,
      now,
      random,
      onError: (err) => log.warn({ err }, 'revocations may be missing'),
      onLook: (age) => metrics.revocationViewAge(age / 1000),
    }),
    obtained: createRedisObtained({
      ...shared,
      now,
      onError: (err) => log.warn({ err }, 'what was obtained is known to this process alone'),
    }),
  };
}
