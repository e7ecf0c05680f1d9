import { isOAuthError, OAuthError } from '@mcp-obo/oauth-error';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { LRUCache } from 'lru-cache';
import { abortable } from './abortable.ts';
import { type CheckedAnswer, checkAnswer } from './answer.ts';
import type { Kept } from './cache-entry.ts';
import type { EngineOptions, IssuedToken } from './contract.ts';
import { refusalError, refusalOf } from './errors/refusal.ts';
import type { ExchangeEvent } from './events.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import { createSingleFlight } from './single-flight.ts';
import type { Look, Place, TokenStore } from './token-store.ts';

export interface ObtainOptions extends Pick<EngineOptions, 'answers' | 'now'> {
  readonly store: TokenStore;
  readonly negativeSeconds: number;
  readonly deadlineMs: number;
  readonly schedule: Scheduler;
  readonly emit: (event: ExchangeEvent) => void;
}

/** Where the token of a flight came from. */
type Landed = IssuedToken;

/** Milliseconds after a refresh that came to nothing before the next. */
const restMs = 5000;

/**
 * The way of a plan to its token: from memory; from the cache; from another process that is asking already;
 * from the identity provider, asked once however many want the same.
 */
export function createObtain(options: ObtainOptions) {
  const { store, now, schedule, emit, negativeSeconds, deadlineMs } = options;
  const flights = createSingleFlight<Landed>();
  const refreshes = createSingleFlight<void>();
  const rests = new LRUCache<string, number>({ maxSize: 10_000, sizeCalculation: () => 1 });
  const tell = (action: Extract<ExchangeEvent, { type: 'cache' }>['action'], plan: Plan) =>
    emit({ type: 'cache', action, target: plan.expected.target.name });

  async function obtain(plan: Plan, signal: AbortSignal | undefined): Promise<IssuedToken> {
    const challenged = plan.flightKey !== plan.key;
    const recalled = challenged ? undefined : store.recall(plan.key);
    if (recalled !== undefined) return serve(plan, recalled);
    let joined = false;
    const token = await abortable(() => {
      if (challenged) flights.supersede(plan.key);
      const work = challenged ? replace : land;
      const tags = challenged ? plan.tags : [...plan.tags, plan.key];
      const flight = flights.run(plan.flightKey, tags, (superseded) => work(plan, superseded));
      joined = flight.joined;
      return flight.result;
    }, signal);
    if (!joined || token.source !== 'exchange') return token;
    tell('shared', plan);
    return { ...token, source: 'shared' };
  }

  function serve(plan: Plan, kept: Kept): Landed {
    if (kept.kind === 'refusal') {
      tell('negative', plan);
      throw refusalError(kept.refusal, kept.until - now() / 1000);
    }
    tell('hit', plan);
    if (kept.refreshAt !== undefined && now() >= kept.refreshAt * 1000) refresh(plan, kept);
    return { ...kept.token, source: 'cache' };
  }

  async function land(plan: Plan, superseded: () => boolean): Promise<Landed> {
    const deadline = now() + deadlineMs;
    let waited = false;
    for (;;) {
      const look = await store.look(plan);
      if ('place' in look) return fetchToken(plan, look.place, deadline, superseded);
      if ('kept' in look) {
        const served = serve(plan, look.kept);
        if (waited) tell('shared', plan);
        return waited ? { ...served, source: 'shared' } : served;
      }
      waited = true;
      await endOf(look, deadline);
    }
  }

  /** Waits for another's work, and not beyond the deadline. */
  async function endOf(look: Extract<Look, { ended: unknown }>, deadline: number): Promise<void> {
    const tooLong = Promise.withResolvers<never>();
    const cancel = schedule(() => tooLong.reject(overdue()), Math.max(0, deadline - now()));
    try {
      await Promise.race([look.ended, tooLong.promise]);
    } finally {
      cancel();
      look.dispose();
    }
  }

  /** A claims challenge says that the kept token is refused: it goes, whatever the answer will be. */
  async function replace(plan: Plan, superseded: () => boolean): Promise<Landed> {
    tell('bypass', plan);
    const place = await store.seize(plan);
    const known = store.recall(plan.flightKey) ?? (await store.find(plan, plan.flightKey));
    if (known?.kind === 'refusal') {
      await place.leave();
      return serve(plan, known);
    }
    const noted: Place = {
      keep: (kept) => {
        if (kept.kind === 'token') return place.keep(kept);
        return Promise.all([place.leave(), store.note(plan, plan.flightKey, kept)]).then(() => undefined);
      },
      leave: place.leave,
    };
    const token = await fetchToken(plan, noted, now() + deadlineMs, superseded);
    flights.supersede(plan.key);
    return token;
  }

  /** Asks, believes, keeps: unless the answer was made old before it came. */
  async function fetchToken(
    plan: Plan,
    place: Place,
    deadline: number,
    superseded: () => boolean,
  ): Promise<Landed> {
    tell('miss', plan);
    const settle = (kept: Kept | undefined) =>
      kept === undefined || superseded() ? place.leave() : place.keep(kept);
    let checked: CheckedAnswer;
    try {
      checked = await checkAnswer(await measured(plan, deadline), plan.expected, options);
    } catch (error) {
      await settle(keptRefusal(error));
      throw error;
    }
    if (plan.flightKey !== plan.key) flights.supersede(plan.key);
    await settle(keptToken(checked));
    return { ...checked.token, source: 'exchange' };
  }

  function keptToken({ token, cacheUntil, refreshAt }: CheckedAnswer): Kept | undefined {
    if (cacheUntil === undefined) return undefined;
    return { kind: 'token', until: cacheUntil, token, ...(refreshAt === undefined ? {} : { refreshAt }) };
  }

  function keptRefusal(error: unknown): Kept | undefined {
    const refusal = negativeSeconds > 0 ? refusalOf(error) : undefined;
    if (refusal === undefined) return undefined;
    const asked = isOAuthError(error) ? error.retryAfter : undefined;
    return { kind: 'refusal', until: now() / 1000 + (asked ?? negativeSeconds), refusal };
  }

  /** Fetches anew what is still served, in the background and in no one's trace. */
  function refresh(plan: Plan, stale: Kept): void {
    if (now() < (rests.get(plan.key) ?? 0)) return;
    rests.set(plan.key, now() + restMs);
    const work = async (superseded: () => boolean) => {
      const place = await store.renew(plan, stale);
      if (place === undefined) return;
      tell('refresh', plan);
      await fetchToken(plan, place, now() + deadlineMs, superseded);
    };
    context.with(ROOT_CONTEXT, () => refreshes.run(plan.key, plan.tags, work).result.catch(() => undefined));
  }

  async function measured(plan: Plan, deadline: number) {
    const started = now();
    const { issuer } = plan.expected.upstream;
    const told = (outcome: string) =>
      emit({ type: 'upstream', issuer, operation: plan.operation, outcome, durationMs: now() - started });
    try {
      const answer = await plan.ask(deadline);
      told('ok');
      return answer;
    } catch (error) {
      told(isOAuthError(error) ? error.reason : 'server_error');
      throw error;
    }
  }

  return {
    obtain,
    /** What is under way with this tag is not kept, and nobody joins it any more. */
    supersedeTag(tag: string): void {
      flights.supersedeTag(tag);
      refreshes.supersedeTag(tag);
    },
    /** The same for all that is under way. */
    supersedeAll(): void {
      flights.supersedeAll();
      refreshes.supersedeAll();
    },
    /** Resolves when nothing is under way. */
    async settled(): Promise<void> {
      await Promise.all([flights.settled(), refreshes.settled()]);
    },
  };
}

function overdue(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'The exchange took too long.', {
    reason: 'deadline',
    retryAfter: 1,
  });
}
