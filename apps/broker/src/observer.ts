import type { BreakerState, ExchangeContext, ExchangeEvent } from '@mcp-obo/exchange';
import type { Grant } from '@mcp-obo/grant';
import { isOAuthError, type OAuthErrorCode, oauthErrorTable } from '@mcp-obo/oauth-error';
import type { ValidatorEvent } from '@mcp-obo/validator';
import type { ClientAuthenticator } from './client-auth/authenticate.ts';
import type { ClientConfig } from './config.ts';
import type { BrokerDeps } from './deps.ts';
import { breakerValue, cacheEvents, upstreamOutcome } from './metric-labels.ts';
import type { SubjectCheck } from './token/subject-check.ts';

/** Tells metrics, audit and log what happens. Nothing it is told holds a token. */
export function createObserver({ metrics, log, audit }: Pick<BrokerDeps, 'metrics' | 'log' | 'audit'>) {
  /** What has its record already; a grant may have spelled it anew since, with this as the cause. */
  const recorded = new WeakSet<object>();
  /** Records of requests that come again. */
  const prepared = new WeakMap<ExchangeContext, Pick<Issued, 'granted'> & { write: (ms: number) => void }>();

  return {
    /** What the engine decides, asks and keeps. */
    onExchange(event: ExchangeEvent): void {
      switch (event.type) {
        case 'issued':
          metrics.exchangeLatency(event.durationMs, { target: event.context.target, outcome: event.source });
          recordIssued(event);
          break;
        case 'refused':
          if (event.cause instanceof Error) recorded.add(event.cause);
          metrics.exchangeLatency(event.durationMs, { target: event.context.target, outcome: event.code });
          audit.record({
            type: 'exchange',
            decision: decisionOf(event.code),
            reason: event.reason,
            durationMs: event.durationMs,
            ...exchanged(event.context),
          });
          if (event.alarm)
            log.error(
              { alarm: true, reason: event.reason, ...event.context, err: event.cause },
              'exchange alarm',
            );
          break;
        case 'cache':
          for (const metric of cacheEvents[event.action]) metrics.cacheEvent({ event: metric });
          break;
        case 'upstream':
          metrics.idpResponseTime(event.durationMs, {
            issuer: event.issuer,
            operation: event.operation,
            outcome: upstreamOutcome(event.outcome),
          });
      }
    },

    /** What the breaker of an issuer does. */
    onBreaker(issuer: string, state: BreakerState): void {
      metrics.idpBreaker(breakerValue[state], { issuer });
      log[state === 'open' ? 'warn' : 'info']({ issuer, state }, 'breaker of the issuer');
    },

    /** What the validator of subject tokens says. */
    onValidation(event: ValidatorEvent): void {
      if (event.type === 'success') metrics.authSuccess({ tenant: event.tenant });
      if (event.type === 'failure') metrics.authFailure({ reason: event.reason });
      if (event.type === 'jwks_refresh')
        metrics.jwksRefresh({ issuer: event.issuer, outcome: event.outcome === 'success' ? 'ok' : 'failed' });
      if (event.type === 'jwks_stale') metrics.jwksAge(event.ageSeconds, { issuer: event.issuer });
    },

    /** What was validated before, and stands. */
    onSubjectAgain({ tenant }: Grant): void {
      metrics.authSuccess({ tenant });
    },

    /** Records what was refused to a client before there was a subject or an exchange: a grant, a target, a form. */
    onRefused(error: unknown, client: ClientConfig): void {
      if (causesOf(error).some((cause) => recorded.has(cause))) return;
      const refusal = isOAuthError(error) ? error : undefined;
      audit.record({
        type: 'exchange',
        decision: decisionOf(refusal?.code ?? 'server_error'),
        reason: refusal?.reason ?? 'server_error',
        client: client.id,
      });
    },

    /** Counts and records clients that could not prove who they are. */
    watchClients(authenticate: ClientAuthenticator): ClientAuthenticator {
      return (proof) => refusalsOf(() => authenticate(proof), {});
    },

    /** The same for tokens that are not what the client says they are. */
    watchTokens({ subject, actor }: SubjectCheck): SubjectCheck {
      return {
        subject: (token, caller) => refusalsOf(() => subject(token, caller), { client: caller.client.id }),
        actor: (token, caller) => refusalsOf(() => actor(token, caller), { client: caller.client.id }),
      };
    },
  };

  function recordIssued({ context, source, granted, durationMs, again }: Issued): void {
    const record = () => ({
      type: 'exchange' as const,
      decision: 'allow' as const,
      reason: source,
      ...exchanged(context),
      scopes: granted,
    });
    if (again === undefined) audit.record({ ...record(), durationMs });
    else {
      const known = prepared.get(context);
      const line =
        known !== undefined && same(known.granted, granted)
          ? known
          : { granted, write: audit.prepare(record()) };
      if (line !== known) prepared.set(context, line);
      line.write(durationMs);
    }
  }

  async function refusalsOf<T>(work: () => Promise<T>, subject: { readonly client?: string }): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isOAuthError(error)) {
        const { code, reason } = error;
        recorded.add(error);
        audit.record({ type: 'authentication', decision: decisionOf(code), reason, ...subject });
        if (subject.client === undefined) metrics.authFailure({ reason });
      }
      throw error;
    }
  }
}

/** Scopes are sorted, and those of a token in memory are always the same array. */
function same(one: readonly string[], other: readonly string[]): boolean {
  return one === other || (one.length === other.length && one.every((scope, at) => scope === other[at]));
}

type Issued = Extract<ExchangeEvent, { type: 'issued' }>;

/** Who asked for what, as the audit names it. */
function exchanged({
  client,
  target,
  scopes,
  tenant,
  issuer,
  user,
  subjectClient,
  subjectTokenId,
  act,
}: ExchangeContext) {
  return { client, target, scopes, tenant, issuer, user, subjectClient, tokenId: subjectTokenId, act };
}

/** A fault of ours, or of a party behind us, is none of the caller's. */
function decisionOf(code: OAuthErrorCode): 'fault' | 'refuse' {
  return oauthErrorTable[code].fault === 'platform' ? 'fault' : 'refuse';
}

/** An error and all it was made of. */
function causesOf(error: unknown): readonly Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}
