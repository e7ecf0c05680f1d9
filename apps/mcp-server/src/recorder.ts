import { type AuditDecision, type AuditLog, auditSubject } from '@mcp-obo/audit';
import type { Catalogue, GuardEvent, InteractionEvent, McpGuardOptions, Operation } from '@mcp-obo/mcp';
import type { PlatformMetrics } from '@mcp-obo/telemetry';
import type { ValidatorEvent } from '@mcp-obo/validator';
import { limitName } from './limits.ts';

export interface RecorderOptions {
  readonly audit: AuditLog;
  readonly metrics: PlatformMetrics;
  /** Says what may be shown of each argument. */
  readonly catalogue: Catalogue;
}

/** Turns what the guard and its validator tell into audit records and metrics. One record for each decision. */
export function createRecorder({
  audit,
  metrics,
  catalogue,
}: RecorderOptions): Required<Pick<McpGuardOptions, 'observe' | 'onValidatorEvent'>> {
  const sensitivities = new Map(
    catalogue.tools.map(({ requirement, sensitivity }) => [requirement.name, sensitivity]),
  );

  function details({ kind, name, args }: Operation) {
    if (kind === 'tool-list') return { operation: { kind: 'list' as const, name: 'tools' } };
    const sensitivity = kind === 'tool' ? (sensitivities.get(name) ?? {}) : {};
    return { operation: { kind, name }, parameters: { values: args, sensitivity } };
  }

  const record: { readonly [T in GuardEvent['type']]: (event: Extract<GuardEvent, { type: T }>) => void } = {
    authentication: ({ ok, reason, fault, grant }) => {
      if (grant !== undefined) return;
      // A first request without a token is how every client begins; it is counted, not recorded.
      metrics.authFailure({ reason });
      if (reason === 'no_token') return;
      audit.record({
        type: 'authentication',
        decision: ok ? 'allow' : fault === 'platform' ? 'fault' : 'refuse',
        reason,
      });
    },
    authorization: ({ grant, operation, decision }) => {
      const reason = decision.outcome === 'allow' || decision.outcome === 'ask' ? undefined : decision.reason;
      audit.record({
        type: 'authorization',
        decision: decision.outcome,
        reason,
        ...auditSubject(grant),
        ...details(operation),
      });
      if (operation.kind !== 'tool' || decision.outcome === 'allow') return;
      metrics.toolInvocation({
        tool: knownTool(operation.name),
        outcome: decision.outcome === 'step-up' ? 'step_up' : 'refused',
      });
    },
    interaction: ({ type, purpose, step, reason, ...about }) =>
      audit.record({
        type,
        decision: interactionDecisions[step],
        reason: reason === 'ok' ? interactionReason(purpose, step) : reason,
        ...about,
      }),
    limit: ({ grant, operation }) => {
      metrics.rateLimitHit({ limit: limitName(operation) });
      audit.record({
        type: 'authorization',
        decision: 'refuse',
        reason: 'rate_limit',
        ...auditSubject(grant),
        ...details(operation),
      });
    },
    call: ({ grant, operation, ok, reason, milliseconds }) => {
      audit.record({
        type: 'tool_call',
        decision: ok ? 'allow' : 'fault',
        reason: ok ? undefined : reason,
        durationMs: milliseconds,
        ...auditSubject(grant),
        ...details(operation),
      });
      if (operation.kind !== 'tool') return;
      metrics.toolInvocation({ tool: knownTool(operation.name), outcome: ok ? 'ok' : 'error' });
    },
  };

  /** A label must not grow with what callers invent. */
  function knownTool(name: string): string {
    return sensitivities.has(name) ? name : 'unknown';
  }

  return {
    observe: (event) => (record[event.type] as (event: GuardEvent) => void)(event),
    onValidatorEvent: (event) => countValidator(metrics, event),
  };
}

/** What went as it should. The word of a consent alone does not name it: there is a target for that. */
function interactionReason(purpose: InteractionEvent['purpose'], step: InteractionEvent['step']): string {
  return purpose === 'consent' ? step : `${purpose}_${step}`;
}

/** How the audit puts the steps of an interaction. */
const interactionDecisions: Readonly<Record<InteractionEvent['step'], AuditDecision>> = {
  offered: 'ask',
  started: 'ask',
  completed: 'allow',
  refused: 'refuse',
  not_offered: 'fault',
};

function countValidator(metrics: PlatformMetrics, event: ValidatorEvent): void {
  if (event.type === 'success') metrics.authSuccess({ tenant: event.tenant });
  if (event.type === 'jwks_stale') metrics.jwksAge(event.ageSeconds, { issuer: event.issuer });
  if (event.type === 'jwks_refresh') {
    metrics.jwksRefresh({ issuer: event.issuer, outcome: event.outcome === 'success' ? 'ok' : 'failed' });
  }
}
