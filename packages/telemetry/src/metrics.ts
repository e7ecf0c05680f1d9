import { type Meter, metrics } from '@opentelemetry/api';

/** Every metric of the platform by its name, with what it counts and its labels. None has a user or a token as label. */
export const metricTable = {
  mcp_auth_success_total: { kind: 'counter', help: 'Access tokens accepted', labels: ['tenant'] },
  mcp_auth_failure_total: { kind: 'counter', help: 'Requests refused by authentication', labels: ['reason'] },
  mcp_jwks_refresh_total: { kind: 'counter', help: 'Fetches of issuer keys', labels: ['issuer', 'outcome'] },
  mcp_jwks_age_seconds: {
    kind: 'gauge',
    help: 'Age of the issuer keys in use; grows while the issuer cannot be reached',
    labels: ['issuer'],
  },
  mcp_obo_exchange_latency_ms: {
    kind: 'histogram',
    help: 'Time of an on-behalf-of exchange as its caller sees it, milliseconds',
    labels: ['target', 'outcome'],
  },
  mcp_obo_cache_total: {
    kind: 'counter',
    help: 'Exchange cache events: hit, miss, negative (refused from memory), shared (joined a running exchange), refresh (early), evict',
    labels: ['event'],
  },
  mcp_idp_response_time_ms: {
    kind: 'histogram',
    help: 'Time until an identity provider had answered, its retries included, milliseconds',
    labels: ['issuer', 'operation', 'outcome'],
  },
  mcp_idp_breaker_state: {
    kind: 'gauge',
    help: 'Breaker of an identity provider: 0 closed, 1 half open, 2 open (nothing is asked)',
    labels: ['issuer'],
  },
  mcp_revocation_total: { kind: 'counter', help: 'Revocations by what was revoked', labels: ['kind'] },
  mcp_security_event_total: {
    kind: 'counter',
    help: 'Security events by what became of them: acted, ignored, repeated, refused, fault',
    labels: ['issuer', 'event', 'outcome'],
  },
  mcp_security_event_poll_total: {
    kind: 'counter',
    help: 'Times that a transmitter was asked for security events',
    labels: ['issuer', 'outcome'],
  },
  mcp_issuer_revocation_total: {
    kind: 'counter',
    help: 'Exchanged tokens to be revoked at their issuer, by what became of it: revoked, refused, unsupported, fault, dropped',
    labels: ['issuer', 'outcome'],
  },
  mcp_revocation_view_age_seconds: {
    kind: 'gauge',
    help: 'Time since the view of revocations was last known to be complete; above 5 something may be missing',
    labels: [],
  },
  mcp_rate_limit_hit_total: { kind: 'counter', help: 'Requests over a rate limit', labels: ['limit'] },
  mcp_tool_invocation_total: { kind: 'counter', help: 'Tool calls by outcome', labels: ['tool', 'outcome'] },
} as const satisfies Record<string, MetricRow>;

export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** One typed function per metric, so that no name or label is spelled twice. */
export interface PlatformMetrics {
  authSuccess(labels: { tenant: string }): void;
  authFailure(labels: { reason: string }): void;
  jwksRefresh(labels: { issuer: string; outcome: 'ok' | 'failed' }): void;
  jwksAge(seconds: number, labels: { issuer: string }): void;
  exchangeLatency(milliseconds: number, labels: { target: string; outcome: string }): void;
  cacheEvent(labels: { event: 'hit' | 'miss' | 'negative' | 'shared' | 'refresh' | 'evict' }): void;
  idpResponseTime(
    milliseconds: number,
    labels: { issuer: string; operation: string; outcome: 'ok' | 'refused' | 'fault' },
  ): void;
  idpBreaker(state: 0 | 1 | 2, labels: { issuer: string }): void;
  revocation(labels: { kind: 'token' | 'session' | 'user' | 'client' }): void;
  securityEvent(labels: {
    issuer: string;
    event: string;
    outcome: 'acted' | 'ignored' | 'repeated' | 'refused' | 'fault';
  }): void;
  securityEventPoll(labels: { issuer: string; outcome: 'ok' | 'failed' }): void;
  issuerRevocation(labels: {
    issuer: string;
    outcome: 'revoked' | 'refused' | 'unsupported' | 'fault' | 'dropped';
  }): void;
  revocationViewAge(seconds: number): void;
  rateLimitHit(labels: { limit: string }): void;
  toolInvocation(labels: { tool: string; outcome: 'ok' | 'error' | 'refused' | 'step_up' }): void;
}

/** Bounds that tell a cache hit (below 1 ms) from an issuer (tens) from trouble (seconds). */
const latencyBounds = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000];

/** Recorders for the metrics of {@link metricTable}; they cost nothing until a metrics SDK is started. */
export function createPlatformMetrics(meter: Meter = metrics.getMeter('mcp-obo')): PlatformMetrics {
  const counter = (name: keyof typeof metricTable) =>
    meter.createCounter(name, { description: metricTable[name].help });
  const histogram = (name: keyof typeof metricTable) =>
    meter.createHistogram(name, {
      description: metricTable[name].help,
      advice: { explicitBucketBoundaries: latencyBounds },
    });
  const success = counter('mcp_auth_success_total');
  const failure = counter('mcp_auth_failure_total');
  const refresh = counter('mcp_jwks_refresh_total');
  const age = meter.createGauge('mcp_jwks_age_seconds', {
    description: metricTable.mcp_jwks_age_seconds.help,
  });
  const exchange = histogram('mcp_obo_exchange_latency_ms');
  const cache = counter('mcp_obo_cache_total');
  const idp = histogram('mcp_idp_response_time_ms');
  const breaker = meter.createGauge('mcp_idp_breaker_state', {
    description: metricTable.mcp_idp_breaker_state.help,
  });
  const revoked = counter('mcp_revocation_total');
  const securityEvents = counter('mcp_security_event_total');
  const securityEventPolls = counter('mcp_security_event_poll_total');
  const atIssuer = counter('mcp_issuer_revocation_total');
  const viewAge = meter.createGauge('mcp_revocation_view_age_seconds', {
    description: metricTable.mcp_revocation_view_age_seconds.help,
  });
  const limited = counter('mcp_rate_limit_hit_total');
  const tool = counter('mcp_tool_invocation_total');
  return {
    authSuccess: (labels) => success.add(1, labels),
    authFailure: (labels) => failure.add(1, labels),
    jwksRefresh: (labels) => refresh.add(1, labels),
    jwksAge: (seconds, labels) => age.record(seconds, labels),
    exchangeLatency: (milliseconds, labels) => exchange.record(milliseconds, labels),
    cacheEvent: (labels) => cache.add(1, labels),
    idpResponseTime: (milliseconds, labels) => idp.record(milliseconds, labels),
    idpBreaker: (state, labels) => breaker.record(state, labels),
    revocation: (labels) => revoked.add(1, labels),
    securityEvent: (labels) => securityEvents.add(1, labels),
    securityEventPoll: (labels) => securityEventPolls.add(1, labels),
    issuerRevocation: (labels) => atIssuer.add(1, labels),
    revocationViewAge: (seconds) => viewAge.record(seconds),
    rateLimitHit: (labels) => limited.add(1, labels),
    toolInvocation: (labels) => tool.add(1, labels),
  };
}
