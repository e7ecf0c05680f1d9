import { actorChain } from '@mcp-obo/grant';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { clean, cleanList } from './clean.ts';
import type { AuditDecision, AuditEvent, AuditEventType } from './event.ts';
import { type RecordedParameter, recordParameters } from './parameters.ts';

/** Version of the record's form. It changes when a reader of old records would misread new ones. */
export const auditSchema = 'mcp-obo.audit/1';

/** One line of the audit. Members that are not known are absent. */
export interface AuditRecord {
  readonly schema: typeof auditSchema;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly service: string;
  readonly type: AuditEventType;
  readonly decision: AuditDecision;
  readonly reason?: string;
  readonly tenant?: string;
  readonly issuer?: string;
  readonly user?: { readonly issuer: string; readonly key: string };
  readonly client_id?: string;
  readonly subject_client_id?: string;
  readonly token_id?: string;
  readonly session?: string;
  readonly tool?: string;
  readonly resource?: string;
  readonly prompt?: string;
  readonly list?: string;
  readonly parameters?: Readonly<Record<string, RecordedParameter>>;
  readonly target?: string;
  readonly scopes?: readonly string[];
  /** From the outermost actor inwards (RFC 8693 §4.1). */
  readonly act?: readonly { readonly sub: string; readonly iss?: string }[];
  readonly duration_ms?: number;
  /** W3C Trace Context §3.2.2. */
  readonly trace_id?: string;
  readonly span_id?: string;
}

export interface RecordSettings {
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly hashKey?: Uint8Array;
}

/** Deepest chain of actors in a record. */
const maxActors = 8;

/**
 * The record of an event in the active trace. It is built member by member: what is not named here is not
 * written, and every text in it is bounded and free of credentials.
 */
export function auditRecord(event: AuditEvent, { service, now, hashKey }: RecordSettings): AuditRecord {
  const { user, operation, parameters, scopes, act, durationMs } = event;
  return withoutUndefined({
    schema: auditSchema,
    time: new Date(now()).toISOString(),
    service,
    type: event.type,
    decision: event.decision,
    reason: text(event.reason),
    tenant: text(event.tenant),
    issuer: text(event.issuer),
    user: user && { issuer: clean(user.issuer), key: clean(user.key) },
    client_id: text(event.client),
    subject_client_id: text(event.subjectClient),
    token_id: text(event.tokenId),
    session: text(event.session),
    ...(operation && { [operation.kind]: clean(operation.name) }),
    parameters: parameters && recordParameters(parameters, hashKey),
    target: text(event.target),
    scopes: scopes && cleanList(scopes),
    act: act && actorChain(act).slice(0, maxActors).map(actor),
    duration_ms: durationMs,
    ...activeTrace(),
  });
}

function text(value: string | undefined): string | undefined {
  return value === undefined ? undefined : clean(value);
}

function actor({ sub, iss }: { readonly sub: string; readonly iss?: string }) {
  return iss === undefined ? { sub: clean(sub) } : { sub: clean(sub), iss: clean(iss) };
}

/** The active trace, as a record names it. */
export function activeTrace(): Pick<AuditRecord, 'trace_id' | 'span_id'> {
  const span = trace.getActiveSpan()?.spanContext();
  return span === undefined || !isSpanContextValid(span)
    ? {}
    : { trace_id: span.traceId, span_id: span.spanId };
}

function withoutUndefined<T extends object>(record: T): T {
  const known: Partial<T> = {};
  for (const name in record) if (record[name] !== undefined) known[name] = record[name];
  return known as T;
}
