import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { LRUCache } from 'lru-cache';
import { abortable } from './abortable.ts';
import type { Kept } from './cache-entry.ts';
import type { IssuedToken } from './contract.ts';
import { refusalError } from './errors/refusal.ts';
import type { ExchangeEvent } from './events.ts';
import { createFetchToken, type FetchTokenOptions } from './fetch-token.ts';
import type { KeptPlan, Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import { createSingleFlight } from './single-flight.ts';
import type { Place, TokenStore } from './token-store.ts';
import { endOf } from './wait.ts';

export interface ObtainOptions extends FetchTokenOptions {
  readonly store: TokenStore;
  /** Milliseconds an exchange may take. */
  readonly deadlineMs: number;
  readonly schedule: Scheduler;
}

/** Milliseconds after a refresh that came to nothing before the next. */
const restMs = 5000;

/**
 * The way of a plan to its token: from memory; from the cache; from another process that is asking already;
 * from the identity provider, asked once however many want the same.
 */
export function createObtain(options: ObtainOptions) {
  const { store, now, schedule, emit, deadlineMs } = options;
  const fetchToken = createFetchToken(options);
  const flights = createSingleFlight<IssuedToken>();
  const refreshes = createSingleFlight<void>();
  const rests = new LRUCache<string, number>({ maxSize: 10_000, sizeCalculation: () => 1 });
  const tell = (action: Extract<ExchangeEvent, { type: 'cache' }>['action'], plan: KeptPlan) =>
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

  /** From memory, when it can be served as it is and need not be renewed. */
  function recall(plan: KeptPlan): IssuedToken | undefined {
    return plan.flightKey === plan.key ? asItIs(plan, store.recall(plan.key)) : undefined;
  }

  /** The same from the cache. */
  async function find(plan: KeptPlan): Promise<IssuedToken | undefined> {
    return plan.flightKey === plan.key ? asItIs(plan, await store.find(plan, plan.key)) : undefined;
  }

  function asItIs(plan: KeptPlan, kept: Kept | undefined): IssuedToken | undefined {
    if (kept?.kind !== 'token' || isDue(kept)) return undefined;
    tell('hit', plan);
    return { ...kept.token, source: 'cache' };
  }

  function isDue({ refreshAt }: Extract<Kept, { kind: 'token' }>): boolean {
    return refreshAt !== undefined && now() >= refreshAt * 1000;
  }

  function serve(plan: Plan, kept: Kept): IssuedToken {
    if (kept.kind === 'refusal') {
      tell('negative', plan);
      throw refusalError(kept.refusal, kept.until - now() / 1000);
    }
    tell('hit', plan);
    if (isDue(kept)) refresh(plan, kept);
    return { ...kept.token, source: 'cache' };
  }

  async function land(plan: Plan, superseded: () => boolean): Promise<IssuedToken> {
    const deadline = now() + deadlineMs;
    let waited = false;
    for (;;) {
      const look = await store.look(plan);
      if ('place' in look) return fetchToken({ plan, place: look.place, deadline, superseded });
      if ('kept' in look) {
        const served = serve(plan, look.kept);
        if (waited) tell('shared', plan);
        return waited ? { ...served, source: 'shared' } : served;
      }
      waited = true;
      await endOf(look, Math.max(0, deadline - now()), schedule);
    }
  }

  /** A claims challenge says that the kept token is refused: it goes, whatever the answer will be. */
  async function replace(plan: Plan, superseded: () => boolean): Promise<IssuedToken> {
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
    // What was begun meanwhile is older than the answer, and whoever comes now must not join it.
    const onAnswer = () => flights.supersede(plan.key);
    const token = await fetchToken({
      plan,
      place: noted,
      deadline: now() + deadlineMs,
      superseded,
      onAnswer,
    });
    onAnswer();
    return token;
  }

  /** Fetches anew what is still served, in the background and in no one's trace. */
  function refresh(plan: Plan, stale: Kept): void {
    if (now() < (rests.get(plan.key) ?? 0)) return;
    rests.set(plan.key, now() + restMs);
    const work = async (superseded: () => boolean) => {
      const place = await store.renew(plan, stale);
      if (place === undefined) return;
      tell('refresh', plan);
      await fetchToken({ plan, place, deadline: now() + deadlineMs, superseded });
    };
    context.with(ROOT_CONTEXT, () => refreshes.run(plan.key, plan.tags, work).result.catch(() => undefined));
  }

  return {
    obtain,
    recall,
    find,
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
