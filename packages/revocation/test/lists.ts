import { randomUUID } from 'node:crypto';
import { freezeGrant, type Grant } from '@mcp-obo/grant';
import { Redis } from 'ioredis';
import { type RevocationEntry, revocationEntry } from '../src/index.ts';
import { createRedisRevocations, type RedisRevocationsOptions } from '../src/redis.ts';

export const issuer = 'https://idp.example/acme';

/** A token that was issued now and is named by its id. */
export function tokenOf(tokenId: string): Grant {
  return freezeGrant({
    issuer,
    tenant: 'acme',
    profile: 'generic',
    subject: 'user-alice',
    user: { issuer, key: 'user-alice' },
    client: 'inspector',
    tokenId,
    scopes: [],
    roles: [],
    groups: [],
    groupsOverage: false,
    audience: [],
    issuedAt: Math.floor(Date.now() / 1000),
    expiresAt: Math.floor(Date.now() / 1000) + 300,
    amr: [],
    tokenHash: tokenId,
    claims: {},
  });
}

export function endOfToken(id: string): RevocationEntry {
  return revocationEntry({ kind: 'token', issuer, id }, { now: Date.now(), longestLife: 3_600_000 });
}

/** A process that takes part, with times that suit a test. */
export function processAt(url: string, options: Partial<RedisRevocationsOptions> = {}) {
  const redis = new Redis(url, {
    commandTimeout: 5000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    retryStrategy: () => 50,
  });
  redis.on('error', () => undefined);
  const list = createRedisRevocations({
    redis,
    now: Date.now,
    random: randomUUID,
    beatMs: 100,
    maxAgeMs: 1500,
    settleMs: 400,
    ...options,
  });
  return {
    list,
    redis,
    async close() {
      await list.close();
      redis.disconnect();
    },
  };
}
