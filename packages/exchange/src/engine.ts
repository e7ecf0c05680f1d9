import type { Grant } from '@mcp-obo/grant';
import { nothingRevoked } from '@mcp-obo/revocation';
import { decodeTaken, type Kept } from './cache-entry.ts';
import type { EngineOptions, EngineRequest, EvictedToken, ExchangeEngine } from './contract.ts';
import type { ExchangeEvent } from './events.ts';
import { subjectRevoked } from './lifetime.ts';
import { createTokenMemory } from './memory/token-memory.ts';
import { noCache } from './no-cache.ts';
import { createObserver } from './observer.ts';
import { createObtain } from './obtain.ts';
import type { Wiring } from './plan.ts';
import { planExchange } from './plan-exchange.ts';
import { planMachine } from './plan-machine.ts';
import { systemScheduler } from './scheduler.ts';
import { createTokenStore } from './token-store.ts';
import { assertWiring } from './wiring.ts';

/**
 * The on-behalf-of engine: plan, look in memory and cache, ask once however many want the same, check, keep.
 *
 * @throws TypeError at start when targets, upstreams and policy do not fit together.
 */
export function createExchangeEngine(options: EngineOptions): ExchangeEngine {
  assertWiring(options);
  const { cache = noCache, now, revocations = nothingRevoked } = options;
  const emit = (event: ExchangeEvent) => options.onEvent?.(event);
  const wiring: Wiring = { ...options, maxActorDepth: options.maxActorDepth ?? 5 };
  const memory = createTokenMemory({ maxBytes: options.memoryBytes ?? 64 * 1024 * 1024, now });
  const { obtain, recall, find, supersedeTag, supersedeAll, settled } = createObtain({
    answers: options.answers,
    onObtained: options.onObtained,
    now,
    emit,
    store: createTokenStore({
      cache,
      memory: { ...memory, get: (key) => (revocations.isFresh() ? memory.get(key) : undefined) },
      now,
      report: (action, plan) => emit({ type: 'cache', action, target: plan.expected.target.name }),
    }),
    negativeSeconds: options.negativeSeconds ?? 30,
    deadlineMs: options.deadlineMs ?? 10_000,
    schedule: options.schedule ?? systemScheduler,
  });
  const observe = createObserver(emit, now);

  function isRevoked({ grant, actor }: Parties): boolean {
    return revocations.isRevoked(grant) || (actor !== undefined && revocations.isRevoked(actor.grant));
  }

  function refuseRevoked(request: EngineRequest): void {
    if (isRevoked(request)) throw subjectRevoked();
  }

  function evictHere(tagOrKey: string): void {
    memory.evict(tagOrKey);
    supersedeTag(tagOrKey);
  }

  /** News of evictions stop or begin: what was begun before may have missed one. */
  function linkChanged(change: () => void): void {
    change();
    supersedeAll();
  }

  memory.suspend();
  const unwatch = cache.watch({
    evicted: evictHere,
    lost: () => linkChanged(memory.suspend),
    restored: () => linkChanged(memory.resume),
  });

  return {
    exchange: (request) =>
      observe.run(
        request,
        () => {
          refuseRevoked(request);
          return planExchange(wiring, request);
        },
        async (plan) => {
          const token = await obtain(plan, request.signal);
          // What was under way when the revocation came is not given out.
          refuseRevoked(request);
          return token;
        },
      ),
    repeat(request) {
      const plan = planExchange(wiring, request);
      const tell = observe.served(request, plan);
      const { key, flightKey, tags, expected } = plan;
      const kept = { key, flightKey, tags, expected };
      const { grant, actor } = request;
      const parties = { grant, ...(actor !== undefined && { actor: { grant: actor.grant } }) };
      const stands = () => grant.expiresAt * 1000 > now() && revocations.isFresh() && !isRevoked(parties);
      const findIt = async () => {
        const started = now();
        const token = await find(kept);
        if (token === undefined || !stands()) return undefined;
        return tell(token, now() - started);
      };
      return () => {
        if (!stands()) return undefined;
        const token = recall(kept);
        if (token !== undefined) return tell(token, 0);
        // What is read elsewhere is told of in the spans of the whole way.
        return options.cache === undefined || observe.recorded() ? undefined : findIt();
      };
    },
    machine: (request) =>
      observe.run(
        request,
        () => planMachine(wiring, request),
        (plan) => obtain(plan, request.signal),
      ),
    async evictByTag(tag, taken) {
      // What a shared cache holds one alone gets; the same tokens are in the memory of several.
      const here = cache === noCache ? memory.find(tag) : [];
      evictHere(tag);
      if (taken !== undefined) for (const kept of here) handOver(kept, taken);
      try {
        return await cache.evictByTag(tag, taken && ((value) => handOver(decodeTaken(value), taken)));
      } finally {
        // For what was read from the cache meanwhile.
        evictHere(tag);
      }
    },
    async close() {
      await settled();
      unwatch();
    },
  };
}

/** For whom a request is made. */
interface Parties {
  readonly grant: Grant;
  readonly actor?: { readonly grant: Grant };
}

/** A token that can be revoked. */
function handOver(kept: Kept | undefined, taken: (token: EvictedToken) => void): void {
  if (kept?.kind !== 'token' || kept.obtained === undefined) return;
  const { accessToken, expiresAt } = kept.token;
  taken({ ...kept.obtained, accessToken, expiresAt });
}
