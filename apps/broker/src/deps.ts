import type { AuditLog } from '@mcp-obo/audit';
import type { createLogger, PlatformMetrics } from '@mcp-obo/telemetry';

/** What the broker does not make itself: time, chance, the network, and where it reports. */
export interface BrokerDeps {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A fresh unguessable string. */
  readonly random: () => string;
  /** Reaches the issuers; guarded against other targets. */
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>;
  readonly log: ReturnType<typeof createLogger>;
  readonly metrics: PlatformMetrics;
  readonly audit: AuditLog;
}
