import { formatUserKey, type Grant, tokenHash } from '@mcp-obo/grant';
import type { Limiter, LimitState, Operation } from '@mcp-obo/mcp';
import type { Cluster, Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';

export interface LimitsOptions {
  /** Tool calls a minute, per client and user. */
  readonly toolCalls: number;
  /** Resource reads a minute, per client and user. */
  readonly resourceReads: number;
  /** Shared by replicas; absent: each process counts for itself. */
  readonly redis?: Redis | Cluster;
}

/** One window, in seconds. */
const window = 60;

/**
 * Limits per client and user. With Redis they are shared by all replicas; while Redis does not answer, each
 * process counts for itself.
 */
export function createLimits({ toolCalls, resourceReads, redis }: LimitsOptions): Limiter {
  const policies = {
    tool: createPolicy('tools', toolCalls, redis),
    resource: createPolicy('resources', resourceReads, redis),
  };
  return async (grant, { kind }) =>
    kind === 'tool' || kind === 'resource' ? await policies[kind](callerOf(grant)) : undefined;
}

/** Client and user by a hash, so that no store holds who they are. */
function callerOf({ client, user, issuer }: Grant): string {
  return tokenHash(JSON.stringify([issuer, client, user === undefined ? null : formatUserKey(user)]));
}

function createPolicy(policy: string, limit: number, redis: Redis | Cluster | undefined) {
  const options = { points: limit, duration: window, keyPrefix: `mcp-obo:limit:${policy}` };
  const own = new RateLimiterMemory(options);
  const limiter =
    redis === undefined
      ? own
      : new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: own });
  return async (caller: string): Promise<LimitState> => {
    try {
      return stateOf(policy, limit, await limiter.consume(caller), false);
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return stateOf(policy, limit, refused, true);
      throw refused;
    }
  };
}

function stateOf(
  policy: string,
  limit: number,
  { remainingPoints, msBeforeNext }: RateLimiterRes,
  exceeded: boolean,
): LimitState {
  const reset = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return { policy, limit, window, remaining: Math.max(0, remainingPoints), reset, exceeded };
}

/** The metric's label of an operation that was one too many. */
export function limitName({ kind }: Operation): string {
  return kind === 'resource' ? 'resources' : 'tools';
}
