import type { ExchangeContext, ExchangeEvent } from '@mcp-obo/exchange';
import { isOAuthError, oauthErrorTable } from '@mcp-obo/oauth-error';
import type { ValidatorEvent } from '@mcp-obo/validator';
import type { ClientAuthenticator } from './client-auth/authenticate.ts';
import type { BrokerDeps } from './deps.ts';
import type { SubjectCheck } from './token/subject-check.ts';

/** Tells metrics, audit and log what happens. Nothing it is told holds a token. */
export function createObserver({ metrics, log, audit }: Pick<BrokerDeps, 'metrics' | 'log' | 'audit'>) {
  return {
    /** What the engine decides, asks and keeps. */
    onExchange(event: ExchangeEvent): void {
      switch (event.type) {
        case 'issued':
          metrics.exchangeLatency(event.durationMs, { target: event.context.target, outcome: event.source });
          audit.record({
            type: 'exchange',
            decision: 'allow',
            reason: event.source,
            durationMs: event.durationMs,
            ...exchanged(event.context),
            scopes: event.granted,
          });
          break;
        case 'refused':
          metrics.exchangeLatency(event.durationMs, { target: event.context.target, outcome: event.code });
          audit.record({
            type: 'exchange',
            decision: oauthErrorTable[event.code].fault === 'platform' ? 'fault' : 'refuse',
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

    /** What the validator of subject tokens says. */
    onValidation(event: ValidatorEvent): void {
      if (event.type === 'success') metrics.authSuccess({ tenant: event.tenant });
      if (event.type === 'failure') metrics.authFailure({ reason: event.reason });
      if (event.type === 'jwks_refresh')
        metrics.jwksRefresh({ issuer: event.issuer, outcome: event.outcome === 'success' ? 'ok' : 'failed' });
      if (event.type === 'jwks_stale') metrics.jwksAge(event.ageSeconds, { issuer: event.issuer });
    },

    /** Counts and records clients that could not prove who they are. */
    watchClients(authenticate: ClientAuthenticator): ClientAuthenticator {
      return (proof) => refusalsOf(() => authenticate(proof), {});
    },

    /** The same for tokens that are not what the client says they are. */
    watchSubjects(check: SubjectCheck): SubjectCheck {
      return (token, caller) => refusalsOf(() => check(token, caller), { client: caller.client.id });
    },
  };

  async function refusalsOf<T>(work: () => Promise<T>, subject: { readonly client?: string }): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (isOAuthError(error)) {
        const { code, reason } = error;
        const fault = oauthErrorTable[code].fault === 'platform';
        audit.record({ type: 'authentication', decision: fault ? 'fault' : 'refuse', reason, ...subject });
        if (subject.client === undefined) metrics.authFailure({ reason });
      }
      throw error;
    }
  }
}

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

type CacheMetric = Parameters<BrokerDeps['metrics']['cacheEvent']>[0]['event'];
type CacheAction = Extract<ExchangeEvent, { type: 'cache' }>['action'];

/** What each action of the cache counts as. */
const cacheEvents: Readonly<Record<CacheAction, readonly CacheMetric[]>> = {
  hit: ['hit'],
  miss: ['miss'],
  shared: ['shared'],
  bypass: ['miss'],
  unreadable: ['evict'],
  stored: [],
  failed: [],
};

/** The engine's reasons by who is to blame, for a label of three values. */
function upstreamOutcome(reason: string): 'ok' | 'refused' | 'fault' {
  if (reason === 'ok') return 'ok';
  return faults.has(reason) || reason.startsWith('upstream_response') ? 'fault' : 'refused';
}

const faults: ReadonlySet<string> = new Set([
  'upstream_unreachable',
  'upstream_fault',
  'upstream_throttled',
  'upstream_unusable',
  'timeout',
  'unreachable',
  'server_error',
]);
