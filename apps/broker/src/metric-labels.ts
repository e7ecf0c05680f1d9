import type { BreakerState, ExchangeEvent } from '@mcp-obo/exchange';
import type { PlatformMetrics } from '@mcp-obo/telemetry';

type CacheMetric = Parameters<PlatformMetrics['cacheEvent']>[0]['event'];
type CacheAction = Extract<ExchangeEvent, { type: 'cache' }>['action'];

/** What each action of the cache counts as. */
export const cacheEvents: Readonly<Record<CacheAction, readonly CacheMetric[]>> = {
  hit: ['hit'],
  miss: ['miss'],
  shared: ['shared'],
  bypass: [],
  negative: ['negative'],
  refresh: ['refresh'],
  unreadable: ['evict'],
  stored: [],
  failed: [],
};

/** The gauge of a breaker. */
export const breakerValue: Readonly<Record<BreakerState, 0 | 1 | 2>> = { closed: 0, half_open: 1, open: 2 };

/** The engine's reasons by who is to blame, for a label of three values. */
export function upstreamOutcome(reason: string): 'ok' | 'refused' | 'fault' {
  if (reason === 'ok') return 'ok';
  return faults.has(reason) || reason.startsWith('upstream_response') ? 'fault' : 'refused';
}

const faults: ReadonlySet<string> = new Set([
  'upstream_unreachable',
  'upstream_fault',
  'upstream_throttled',
  'upstream_loop',
  'upstream_open',
  'overloaded',
  'deadline',
  'upstream_unusable',
  'timeout',
  'unreachable',
  'server_error',
]);
